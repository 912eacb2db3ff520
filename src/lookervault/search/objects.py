"""What objects of each type say and refer to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from lookervault.search.marks import (
    OWN,
    TITLES,
    Kind,
    Mark,
    dicts,
    dynamic,
    ids,
    of_explore,
    of_query,
    sorts,
    strings,
    texts,
)


def marks(type: str, id: str, obj: Any) -> Iterator[Mark]:
    """Nothing of what is not built as described; nothing is raised."""
    if type in _ARRAYS:
        for row in dicts(obj):
            yield from _ARRAYS[type](id, row)
    elif isinstance(obj, dict):
        yield from _OBJECTS.get(type, _anything)(obj)


def _dashboard(obj: dict[str, Any]) -> Iterator[Mark]:
    yield from texts(obj, TITLES)
    yield from ids(Kind.USER, obj.get("user_id"), "owner")
    yield from ids(Kind.FOLDER, obj.get("folder_id"), "folder")
    for element in dicts(obj.get("dashboard_elements")):
        yield from _tile(element)
    for each in dicts(obj.get("dashboard_filters")):
        owner = _owner("filter", each, "title", "name")
        yield from texts(
            each, {"title": "title", "name": "name", "default_value": "default"}, owner
        )
        yield from of_explore(each.get("model"), each.get("explore"), owner, "explore")
        if isinstance(field := each.get("dimension"), str) and field:
            yield Mark(Kind.FIELD, field, owner, "field")
    for layout in dicts(obj.get("dashboard_layouts")):
        yield from texts(layout, {"label": "tab", "description": "tab"})


_TILE_TEXTS = {
    "title": "title",
    "title_text": "title",
    "subtitle_text": "subtitle",
    "body_text": "text",
    "note_text": "note",
    "rich_content_json": "text",
}


def _owner(word: str, obj: dict[str, Any], *keys: str) -> str:
    for key in keys:
        if isinstance(name := obj.get(key), str) and name:
            return f"{word} *{name}*"
    return f"{word} {obj.get('id', '')}".rstrip()


def _tile(element: dict[str, Any]) -> Iterator[Mark]:
    owner = _owner("tile", element, "title", "title_text")
    yield from texts(element, _TILE_TEXTS, owner)
    yield from ids(Kind.LOOK, element.get("look_id"), "look", owner)
    found = element.get("result_maker")
    maker: dict[str, Any] = found if isinstance(found, dict) else {}
    for holder in (element, maker):
        yield from ids(Kind.MERGE, holder.get("merge_result_id"), "merged query", owner)
    query = element.get("query") or maker.get("query")
    if isinstance(query, dict):
        yield from ids(Kind.QUERY, query.get("id"), OWN, owner)
        yield from of_query(query, owner)
    else:
        for holder in (element, maker):
            yield from ids(Kind.QUERY, holder.get("query_id"), "query", owner)
        yield from sorts(maker.get("sorts"), owner)
        yield from dynamic(maker.get("dynamic_fields"), owner)
    for filterable in dicts(maker.get("filterables")):
        yield from of_explore(filterable.get("model"), filterable.get("view"), owner, "explore")
        for listen in dicts(filterable.get("listen")):
            if isinstance(field := listen.get("field"), str) and field:
                yield Mark(Kind.FIELD, field, owner, "dashboard filter on")


def _look(obj: dict[str, Any]) -> Iterator[Mark]:
    yield from texts(obj, TITLES)
    yield from ids(Kind.USER, obj.get("user_id"), "owner")
    yield from ids(Kind.FOLDER, obj.get("folder_id"), "folder")
    yield from ids(Kind.QUERY, obj.get("query_id"), OWN if obj.get("query") else "query")
    yield from of_query(obj.get("query"))


def _merge(obj: dict[str, Any]) -> Iterator[Mark]:
    for source in dicts(obj.get("source_queries")):
        owner = _owner("source", source, "name")
        yield from texts(source, {"name": "name"}, owner)
        yield from ids(Kind.QUERY, source.get("query_id"), "query", owner)
        for pair in dicts(source.get("merge_fields")):
            for key in ("field_name", "source_field_name"):
                if isinstance(field := pair.get(key), str) and field:
                    yield Mark(Kind.FIELD, field, owner, "merged on")
    yield from of_query(obj)


def _plan(obj: dict[str, Any]) -> Iterator[Mark]:
    yield from texts(obj, {"name": "name", "filters_string": "filters", "message": "message"})
    yield from ids(Kind.USER, obj.get("user_id"), "owner")
    yield from ids(Kind.LOOK, obj.get("look_id"), "sends look")
    yield from ids(Kind.DASHBOARD, obj.get("dashboard_id"), "sends dashboard")
    yield from ids(Kind.QUERY, obj.get("query_id"), "sends query")
    for to in dicts(obj.get("scheduled_plan_destination")):
        yield from _email(to.get("address"), "sent to")
        yield from texts(to, {"message": "message"})


def _email(address: Any, label: str) -> Iterator[Mark]:
    if isinstance(address, str) and address:
        yield Mark(Kind.EMAIL, address, "", label)


def _alert(obj: dict[str, Any]) -> Iterator[Mark]:
    yield from texts(obj, {"custom_title": "title", "description": "description"})
    yield from ids(Kind.USER, obj.get("owner_id"), "owner")
    yield from ids(Kind.QUERY, obj.get("query_id"), "query")
    if obj.get("investigative_content_type") == "dashboard":
        yield from ids(Kind.DASHBOARD, obj.get("investigative_content_id"), "watches dashboard")
    if isinstance(field := obj.get("field"), dict):
        yield from texts(field, {"title": "watched field"})
        if isinstance(name := field.get("name"), str) and name:
            yield Mark(Kind.FIELD, name, "", "watches")
        for each in dicts(field.get("filter")):
            yield from _alert_filter(each)
    for each in dicts(obj.get("applied_dashboard_filters")):
        yield from _alert_filter(each)
    for to in dicts(obj.get("destinations")):
        yield from _email(to.get("email_address"), "sent to")


def _alert_filter(obj: dict[str, Any]) -> Iterator[Mark]:
    if isinstance(name := obj.get("field_name"), str) and name:
        yield Mark(Kind.FIELD, name, "", "filter")
    yield from texts(obj, {"filter_title": "filter", "filter_value": f"filter {name}"})


def _board(obj: dict[str, Any]) -> Iterator[Mark]:
    yield from texts(obj, TITLES)
    yield from ids(Kind.ACCESS, obj.get("content_metadata_id"), "access list")
    yield from ids(Kind.USER, obj.get("user_id"), "owner")
    for section in dicts(obj.get("board_sections")):
        owner = _owner("section", section, "title")
        yield from texts(section, TITLES, owner)
        for item in dicts(section.get("board_items")):
            yield from ids(Kind.DASHBOARD, item.get("dashboard_id"), "dashboard", owner)
            yield from ids(Kind.LOOK, item.get("look_id"), "look", owner)
            shown = {"custom_title": "title", "custom_description": "description"}
            yield from texts(item, shown, owner)


def _role(obj: dict[str, Any]) -> Iterator[Mark]:
    yield from texts(obj, TITLES)
    yield from ids(Kind.MODEL_SET, obj.get("model_set_id"), "model set")


def _model_set(obj: dict[str, Any]) -> Iterator[Mark]:
    yield from texts(obj, TITLES)
    for name in strings(obj.get("models")):
        yield Mark(Kind.MODEL, name, "", "model")


def _group(obj: dict[str, Any]) -> Iterator[Mark]:
    yield from texts(obj, {"name": "name", "external_group_id": "external id"})
    yield from ids(Kind.GROUP, obj.get("parent_group_ids"), "inside group")


def _user(obj: dict[str, Any]) -> Iterator[Mark]:
    names = {"display_name": "name", "first_name": "first name", "last_name": "last name"}
    yield from texts(obj, names)
    credentials = obj.get("credentials_email")
    mails = [each.get("email") for each in (obj, credentials) if isinstance(each, dict)]
    for mail in dict.fromkeys(mail for mail in mails if isinstance(mail, str)):
        yield from _email(mail, "e-mail address")
    yield from ids(Kind.GROUP, obj.get("group_ids"), "member of group")
    yield from ids(Kind.FOLDER, obj.get("home_folder_id"), "home folder")
    yield from ids(Kind.FOLDER, obj.get("personal_folder_id"), "personal folder")


def _folder(obj: dict[str, Any]) -> Iterator[Mark]:
    yield from texts(obj, {"name": "name"})
    yield from ids(Kind.FOLDER, obj.get("parent_id"), "inside folder")
    yield from ids(Kind.USER, obj.get("creator_id"), "creator")
    yield from ids(Kind.ACCESS, obj.get("content_metadata_id"), "access list")


def _datagroup(obj: dict[str, Any]) -> Iterator[Mark]:
    yield from texts(obj, {"name": "name", "trigger_error": "error"})
    yield from of_explore(obj.get("model_name"), None, "", "")


def _member(id: str, row: dict[str, Any]) -> Iterator[Mark]:
    kind = Kind.GROUP if id.endswith("/groups") else Kind.USER
    return ids(kind, row.get("id"), "holds the role")


def _access(_: str, row: dict[str, Any]) -> Iterator[Mark]:
    label = f"may {row.get('permission_type')}"
    yield from ids(Kind.GROUP, row.get("group_id"), label)
    yield from ids(Kind.USER, row.get("user_id"), label)


def _group_value(_: str, row: dict[str, Any]) -> Iterator[Mark]:
    yield from texts(row, {"value": "value"})
    yield from ids(Kind.GROUP, row.get("group_id"), "value of group")


_ANYWHERE = {
    **TITLES,
    "display_name": "name",
    "project_name": "project",
    "group_label": "group label",
    "sql": "SQL",
    "host": "host",
    "database": "database",
    "schema": "schema",
    "git_remote_url": "Git",
    "default_value": "default",
    "permissions": "permission",
}
_DEEPEST = 20


def _anything(obj: dict[str, Any], depth: int = 0) -> Iterator[Mark]:
    """Texts of these names wherever they stand: in a type whose objects nothing depends on."""
    for key, value in obj.items():
        if isinstance(value, str):
            if value and key in _ANYWHERE:
                yield Mark(Kind.TEXT, value, "", _ANYWHERE[key])
        elif isinstance(value, dict | list) and key != "can" and depth < _DEEPEST:
            for text in strings(value) if key in _ANYWHERE else ():
                yield Mark(Kind.TEXT, text, "", _ANYWHERE[key])
            inside: Iterable[dict[str, Any]] = [value] if isinstance(value, dict) else dicts(value)
            for each in inside:
                yield from _anything(each, depth + 1)


_OBJECTS: dict[str, Callable[[dict[str, Any]], Iterator[Mark]]] = {
    "dashboards": _dashboard,
    "looks": _look,
    "queries": of_query,
    "merge_queries": _merge,
    "scheduled_plans": _plan,
    "alerts": _alert,
    "boards": _board,
    "roles": _role,
    "model_sets": _model_set,
    "groups": _group,
    "users": _user,
    "embed_users": _user,
    "folders": _folder,
    "datagroups": _datagroup,
}
_ARRAYS: dict[str, Callable[[str, dict[str, Any]], Iterator[Mark]]] = {
    "role_members": _member,
    "content_metadata_access": _access,
    "user_attribute_group_values": _group_value,
}
