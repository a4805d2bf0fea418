//! A client for the tour of `portcullis demo`: rmcp's own, over HTTP, like anybody else's.

use futures::future::{BoxFuture, FutureExt};
use rmcp::model::{CallToolRequestParams, JsonObject};
use rmcp::service::{RoleClient, RunningService, ServiceExt};
use rmcp::transport::StreamableHttpClientTransport;
use serde_json::Value;

/// A connected client.
pub struct Client(RunningService<RoleClient, ()>);

/// What a tool answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Whether it succeeded.
    pub ok: bool,
    /// Its structured content, or the JSON of its error.
    pub value: Value,
    /// Its size as text, in bytes.
    pub bytes: usize,
}

impl Client {
    /// Connects to an endpoint, e.g. `http://127.0.0.1:8787/mcp`.
    ///
    /// # Errors
    /// Nobody answers there, or not as an MCP server.
    pub fn connect(url: &str) -> BoxFuture<'_, anyhow::Result<Self>> {
        // rmcp's client takes the process's provider; the host's own connections bring theirs.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let transport = StreamableHttpClientTransport::from_uri(url);
        async move { Ok(Self(().serve(transport).await?)) }.boxed()
    }

    /// Names and titles of the tools.
    ///
    /// # Errors
    /// The server did not answer.
    pub async fn tools(&self) -> anyhow::Result<Vec<(String, String)>> {
        let tools = self.0.list_all_tools().await?;
        Ok(tools
            .into_iter()
            .map(|t| (t.name.into_owned(), t.title.unwrap_or_default()))
            .collect())
    }

    /// Calls a tool.
    ///
    /// # Errors
    /// The server did not answer, or there is no such tool.
    pub async fn call(&self, tool: &str, arguments: JsonObject) -> anyhow::Result<Answer> {
        let mut params = CallToolRequestParams::new(tool.to_owned());
        params.arguments = Some(arguments);
        let result = self.0.call_tool(params).await?;
        let text = result
            .content
            .first()
            .and_then(|c| c.as_text())
            .map(|t| t.text.clone())
            .unwrap_or_default();
        let value = match result.structured_content {
            Some(value) => value,
            None => serde_json::from_str(&text).unwrap_or(Value::String(text.clone())),
        };
        Ok(Answer {
            ok: result.is_error != Some(true),
            value,
            bytes: text.len(),
        })
    }

    /// Ends the session.
    pub async fn close(self) {
        self.0.cancel().await.ok();
    }
}
