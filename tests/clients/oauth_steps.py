"""What every client that signs in by itself does: reads and writes as the right person, lets its
token expire, and goes on.
"""

import asyncio
import http.server
import json
import sys
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

from steps import WANTED_TOOLS, check, setting

PERSON = Path(__file__).with_name("oauth_person.py")


async def work(when: str, call) -> None:
    """Reads and writes; `call(tool, arguments)` answers whether it failed, its JSON, and its texts."""
    project = setting("PROJECT")
    failed, _, texts = await call("get_project", {"project_id": project})
    check(f"{when}: reads", not failed and project in texts, texts)
    marker = f"{when} of {sys.argv[0].split('/')[-1]} at {time.time_ns()}"
    note = {"project_id": project, "merge_request_iid": "2", "body": marker}
    failed, body, texts = await call("create_merge_request_note", note)
    item = (body or {}).get("item", {})
    author = item.get("author", {}).get("username")
    check(f"{when}: writes", not failed and item.get("body") == marker, texts)
    check(f"{when}: as the one who signed in", author == setting("PERSON"), author)


def check_names(names) -> None:
    missing = [name for name in WANTED_TOOLS if name not in names]
    check("tools are listed", names and not missing, f"{len(names)} tools, missing: {missing}")


def let_expire() -> None:
    """Every access token there is, ours and GitLab's, is past its life afterwards.

    The clock of this process moves as well: these clients look at nothing else to know when a
    refresh is due, and take a 401 for the end of the sign-in.
    """
    seconds = int(setting("LIFE"))
    machine = time.time
    time.time = lambda: machine() + seconds
    body = json.dumps({"advance_seconds": seconds}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{setting('GITLAB')}/-/mock/clock", body, headers)
    urllib.request.urlopen(request, timeout=10).close()
    Path(setting("CLOCK")).write_text(str(seconds))


class Listener:
    """The loopback listener of a program that opens a browser. RFC 8252 section 7.3"""

    def __init__(self) -> None:
        self.arrived: dict[str, str] = {}
        listener = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                listener.arrived = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"You can close this window.")

            def log_message(self, *_) -> None:
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", int(setting("PORT"))), Handler)
        self.uri = f"http://127.0.0.1:{self.server.server_port}/callback"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    async def show(self, link: str) -> None:
        """Shows the link to the person and waits until they are done."""
        person = await asyncio.create_subprocess_exec(sys.executable, str(PERSON), link)
        check("the person gets through", await person.wait() == 0, person.returncode)
