"""What a vault says of an instance: how it grows, what nobody uses, whose it is, what is broken."""
