//! What to paste into a client to reach a server over HTTP.

/// The configuration snippets of the common clients for the server at `url`.
pub(super) fn all(url: &str) -> String {
    format!(
        r#"The server keeps running; point a client at it:

Claude Code    claude mcp add --transport http gitlab-demo {url}
Cursor         ~/.cursor/mcp.json      {{"mcpServers": {{"gitlab-demo": {{"url": "{url}"}}}}}}
VS Code        .vscode/mcp.json        {{"servers": {{"gitlab-demo": {{"type": "http", "url": "{url}"}}}}}}
Inspector      npx @modelcontextprotocol/inspector --cli {url} --transport http --method tools/list

For your own GitLab, as a local command of the client:

Claude Desktop claude_desktop_config.json
               {{"mcpServers": {{"gitlab": {{"command": "gitlab-mcp",
                "env": {{"GITLAB_API_URL": "https://gitlab.example", "GITLAB_TOKEN": "glpat-…"}}}}}}}}

Ctrl-C ends the demo.
"#
    )
}
