"""The official Python client, package `mcp` 2.x.

Usage: python_mcp.py http|stdio legacy|auto|2026-07-28
"""

import asyncio
import json
import logging
import sys
import time
import traceback

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from steps import UNKNOWN_PROJECT, VERSIONS, WANTED_TOOLS, check, finish, same_in_text, setting


class Complaints(logging.Handler):
    """Keeps what the client library warns about."""

    def __init__(self) -> None:
        super().__init__(level=logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


def texts(result) -> list[str]:
    return [block.text for block in result.content if block.type == "text"]


async def all_tools(client: Client) -> list:
    tools, cursor = [], None
    while True:
        page = await client.list_tools(cursor=cursor)
        tools += page.tools
        cursor = page.next_cursor
        if not cursor:
            return tools


async def use(client: Client, version: str) -> None:
    project = setting("PROJECT")
    check("negotiated version", client.protocol_version == version, client.protocol_version)
    if client.mode in ("legacy", "auto"):  # a pinned client asks nothing before its first call
        check("server says its name", client.server_info is not None, client.server_info)

    names = {tool.name for tool in await all_tools(client)}
    missing = [name for name in WANTED_TOOLS if name not in names]
    check("tools are listed", names and not missing, f"{len(names)} tools, missing: {missing}")

    found = await client.call_tool("get_project", {"project_id": project})
    check("get_project", not found.is_error and project in "".join(texts(found)), found)

    listed = await client.call_tool("list_merge_requests", {"project_id": project})
    body = listed.structured_content
    items = body.get("items") if isinstance(body, dict) else None
    check("list_merge_requests is structured", not listed.is_error and items, listed)
    check("structured content is repeated as text", same_in_text(body, texts(listed)), listed)

    marker = f"a note of {' '.join(sys.argv[1:])} at {time.time_ns()}"
    iid = str(items[0]["iid"]) if items else "1"
    note = {"project_id": project, "merge_request_iid": iid, "body": marker}
    written = await client.call_tool("create_merge_request_note", note)
    check("create_merge_request_note", not written.is_error and marker in "".join(texts(written)), written)

    refused = await client.call_tool("get_project", {"project_id": UNKNOWN_PROJECT})
    check("an unknown project is an error result", refused.is_error and texts(refused), refused)
    again = await client.call_tool("get_project", {"project_id": project})
    check("the connection goes on", not again.is_error, again)

    one, two = await asyncio.gather(
        client.call_tool("get_project", {"project_id": project}),
        client.call_tool("list_merge_requests", {"project_id": project}),
    )
    check("two calls at once", not one.is_error and not two.is_error, (one, two))


async def over_http(mode: str) -> None:
    headers = {"Authorization": f"Bearer {setting('BEARER')}"}
    async with httpx2.AsyncClient(headers=headers, timeout=20) as http:
        transport = streamable_http_client(setting("URL"), http_client=http)
        async with Client(transport, mode=mode, read_timeout_seconds=20) as client:
            await use(client, VERSIONS[mode])


async def over_stdio(mode: str) -> None:
    command, *args = json.loads(setting("COMMAND"))
    server = StdioServerParameters(command=command, args=args, env=json.loads(setting("ENV")))
    async with Client(server, mode=mode, read_timeout_seconds=20) as client:
        await use(client, VERSIONS[mode])
        done = time.monotonic()
    check("the server ends with its input", time.monotonic() - done < 1.9, "it had to be ended")


def main() -> None:
    transport, mode = sys.argv[1:]
    complaints = Complaints()
    logging.getLogger("mcp").addHandler(complaints)
    try:
        asyncio.run(over_http(mode) if transport == "http" else over_stdio(mode))
    except BaseException:  # an exception group of the client, most of the time
        check("no exception", False, traceback.format_exc()[-2000:])
    check("the client has no complaints", not complaints.lines, complaints.lines)
    finish()


main()
