//! One entry for a tool without arguments; most fixtures are one.

/// Registers a read-only tool of the conformance set.
///
/// `fixture!(Type, "name", "description", function)` runs an async function of the context;
/// `fixture!(Type, "name", "description" => output)` always answers the same.
macro_rules! fixture {
    ($tool:ident, $name:literal, $about:literal, $run:path) => {
        fixture!(@tool $tool, $name, $about, context => $run(context).await);
    };
    ($tool:ident, $name:literal, $about:literal => $output:expr) => {
        fixture!(@tool $tool, $name, $about, _context => Ok($output));
    };
    (@tool $tool:ident, $name:literal, $about:literal, $context:ident => $answer:expr) => {
        #[doc = $about]
        #[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
        struct $tool {}

        #[async_trait::async_trait]
        impl gitlab_mcp_core::tool::Tool for $tool {
            const NAME: &'static str = $name;
            type Set = $crate::Conformance;
            const FACTS: gitlab_mcp_core::tool::Facts = gitlab_mcp_core::tool::Facts::read();

            async fn call(
                self,
                $context: &gitlab_mcp_core::tool::Context,
            ) -> Result<gitlab_mcp_core::tool::ToolOutput, gitlab_mcp_core::tool::ToolError> {
                $answer
            }
        }

        gitlab_mcp_core::register_tool!($tool);
    };
}
