"""`python -m lookervault`."""

from lookervault.cli.app import main

if __name__ == "__main__":
    main()
