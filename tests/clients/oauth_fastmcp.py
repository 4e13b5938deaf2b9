"""The client of `fastmcp` 4.x, with its own OAuth: it opens a browser and listens by itself.

Usage: oauth_fastmcp.py
"""

import asyncio
import os
import sys
import traceback

from oauth_steps import PERSON, check_names, let_expire, work
from steps import check, finish, setting

# Read when the module `webbrowser` is loaded. With `&` the program does not wait for the browser.
os.environ["BROWSER"] = f"{sys.executable} {PERSON} %s &"

from fastmcp import Client  # noqa: E402
from fastmcp.client.auth import OAuth  # noqa: E402


async def main() -> None:
    oauth = OAuth(client_name="fastmcp of the tests", callback_port=int(setting("PORT")))
    async with Client(setting("URL"), auth=oauth) as client:

        async def call(tool: str, arguments: dict):
            result = await client.call_tool(tool, arguments, raise_on_error=False)
            texts = "".join(block.text for block in result.content if block.type == "text")
            return result.is_error, result.structured_content, texts

        check_names({tool.name for tool in await client.list_tools()})
        await work("signed in", call)
        let_expire()
        await work("refreshed", call)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except BaseException:  # an exception group of the client, most of the time
        traceback.print_exc()
        check("no exception", False, "see above")
    finish()
