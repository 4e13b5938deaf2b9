//! Tools that tell the client something before they answer.

use std::time::Duration;

use gitlab_mcp_core::conversation::{ListKind, LogLevel};
use gitlab_mcp_core::tool::{Context, ToolError, ToolOutput};
use tokio::time::sleep;

const LOGGER: &str = "conformance";

/// Between two notices, as the suite asks.
const BREATH: Duration = Duration::from_millis(50);

/// How long the call goes on after its stream was closed.
const ABSENCE: Duration = Duration::from_millis(100);

fixture!(
    ToolWithProgress,
    "test_tool_with_progress",
    "Report progress three times.",
    report_progress
);

async fn report_progress(context: &Context) -> Result<ToolOutput, ToolError> {
    let report = |progress| context.conversation.progress(progress, Some(100.0), None);
    report(0.0).await;
    sleep(BREATH).await;
    report(50.0).await;
    sleep(BREATH).await;
    report(100.0).await;
    Ok(ToolOutput::text("Progress was reported three times."))
}

fixture!(
    ToolWithLogging,
    "test_tool_with_logging",
    "Send three log messages.",
    log_thrice
);

async fn log_thrice(context: &Context) -> Result<ToolOutput, ToolError> {
    log(context, "Tool execution started").await;
    sleep(BREATH).await;
    log(context, "Tool processing data").await;
    sleep(BREATH).await;
    log(context, "Tool execution completed").await;
    Ok(ToolOutput::text("Three messages were logged."))
}

fixture!(
    LoggingTool,
    "test_logging_tool",
    "Send one log message, to a client that asked for messages.",
    log_once
);

async fn log_once(context: &Context) -> Result<ToolOutput, ToolError> {
    log(context, "One message").await;
    Ok(ToolOutput::text("One message was logged."))
}

async fn log(context: &Context, text: &str) {
    let conversation = &context.conversation;
    conversation.log(LogLevel::Info, LOGGER, text.into()).await;
}

fixture!(
    Reconnection,
    "test_reconnection",
    "Close the stream in the middle of the call and answer on the resumed one.",
    close_and_go_on
);

async fn close_and_go_on(context: &Context) -> Result<ToolOutput, ToolError> {
    context.conversation.interrupt_stream().await;
    sleep(ABSENCE).await;
    Ok(ToolOutput::text(
        "This answer was sent after the stream had been closed.",
    ))
}

fixture!(
    TriggerToolChange,
    "test_trigger_tool_change",
    "Announce a changed tool list.",
    change_tools
);

async fn change_tools(context: &Context) -> Result<ToolOutput, ToolError> {
    announce(context, ListKind::Tools).await
}

fixture!(
    TriggerPromptChange,
    "test_trigger_prompt_change",
    "Announce a changed prompt list.",
    change_prompts
);

async fn change_prompts(context: &Context) -> Result<ToolOutput, ToolError> {
    announce(context, ListKind::Prompts).await
}

async fn announce(context: &Context, list: ListKind) -> Result<ToolOutput, ToolError> {
    context.conversation.list_changed(list).await;
    Ok(ToolOutput::text("The change was announced."))
}
