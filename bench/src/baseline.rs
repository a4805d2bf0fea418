//! The baseline: a bare rmcp server, as fast as one can be.
//!
//! Its tools have the names of the host's and answer what the host answered once, without looking
//! at the arguments. What the host adds to this is the price of checking, the sandbox and the CRM.

use std::collections::HashMap;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use rmcp::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ErrorData, JsonObject,
    ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{RequestContext, RoleServer, ServiceExt};
use rmcp::transport::stdio_pipes;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Answers by the tool's name.
#[derive(Clone)]
struct Baseline(Arc<HashMap<String, CallToolResult>>);

/// Serves HTTP, or one client on pipes.
pub(crate) async fn serve(http: Option<SocketAddr>, answers: &Path) -> Result<()> {
    let baseline = Baseline(Arc::new(read(answers)?));
    match http {
        Some(address) => serve_http(baseline, address).await,
        None => {
            baseline.serve(stdio_pipes()).await?.waiting().await?;
            Ok(())
        }
    }
}

/// With the settings that the host uses.
async fn serve_http(baseline: Baseline, address: SocketAddr) -> Result<()> {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(true)
        .with_json_response(true);
    let sessions = Arc::new(LocalSessionManager::default());
    let service = StreamableHttpService::new(move || Ok(baseline.clone()), sessions, config);
    let router = Router::new().route_service("/mcp", service);
    let listener = TcpListener::bind(address).await?;
    Ok(axum::serve(listener, router).await?)
}

fn read(folder: &Path) -> Result<HashMap<String, CallToolResult>> {
    let mut answers = HashMap::new();
    for entry in fs::read_dir(folder).with_context(|| format!("no {}", folder.display()))? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            let value: Value = serde_json::from_slice(&fs::read(&path)?)?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            answers.insert(name.into_owned(), CallToolResult::structured(value));
        }
    }
    Ok(answers)
}

fn tool(name: &str) -> Tool {
    let schema = json!({"type": "object"});
    let schema: JsonObject = schema.as_object().cloned().unwrap_or_default();
    Tool::new(name.to_owned(), "Answers a constant.", schema)
}

impl ServerHandler for Baseline {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tools = self.0.keys().map(|name| tool(name)).collect();
        Ok(ListToolsResult::with_all_items(tools))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        match self.0.get(request.name.as_ref()) {
            Some(answer) => Ok(answer.clone().into()),
            None => Err(ErrorData::invalid_params("unknown tool", None)),
        }
    }
}
