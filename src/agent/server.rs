//! What is answered to one agent: the protocol's requests, as far as they are taken.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, Implementation, ListResourceTemplatesResult,
    ListResourcesResult, ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams,
    ReadResourceResponse, ServerCapabilities, ServerConfig, SubscribeRequestParams,
    SubscriptionFilter, UnsubscribeRequestParams,
};
use rmcp::service::{RequestContext, RoleServer, SubscriptionContext};
use rmcp::{ErrorData, ServerHandler};

use super::call::Call;
use super::homes::Homes;
use super::progress::Progress;
use super::subscriptions::{Ear, Subscriptions, check_count, tell};
use super::{demo, resources, tools};
use crate::error_code::Fault;
use crate::service::Service;
use crate::tenant::Caller;

/// What an agent is told first.
const INSTRUCTIONS: &str = "Cellblock runs Python in a sandbox without network. Use run_code for one-off work: variables stay in your \
    own session. Use notebooks when a person shall see and go on with the work: read_notebook, then edit_cell with the revision that \
    you read, then run_cell. Every run leaves a checkpoint; restore_checkpoint goes back, fork_session tries something beside. \
    Files written by code and by write_file are the same project's files. A refusal says what to do in `solution`.";

/// The header that names a connection.
const CONNECTION: &str = "mcp-session-id";

/// What answers one agent.
#[derive(Clone)]
pub(super) struct Server {
    service: Arc<Service>,
    homes: Arc<Homes>,
    /// Who is at the other end of the pipes. Over HTTP each request says it.
    caller: Option<Caller>,
    subscriptions: Arc<Subscriptions>,
}

impl Server {
    pub(super) fn new(service: &Arc<Service>, homes: &Arc<Homes>, caller: Option<Caller>) -> Self {
        Self {
            service: Arc::clone(service),
            homes: Arc::clone(homes),
            caller,
            subscriptions: Arc::default(),
        }
    }

    /// Returns one that knows nothing of another's agent.
    pub(super) fn afresh(&self) -> Self {
        Self::new(&self.service, &self.homes, self.caller.clone())
    }

    /// Returns a request as a call: by whom, and over which connection.
    fn call(&self, context: &RequestContext<RoleServer>) -> Result<Call, ErrorData> {
        let parts = context.extensions.get::<http::request::Parts>();
        let caller = match parts {
            Some(parts) => parts.extensions.get::<Caller>().cloned(),
            None => self.caller.clone(),
        };
        let caller = caller.ok_or_else(|| {
            let fault = Fault::internal("a request of an agent has no caller");
            resources::error(&fault)
        })?;
        let connection = parts.and_then(|parts| parts.headers.get(CONNECTION)?.to_str().ok());
        let token = context.meta.get_progress_token();
        Ok(Call {
            service: Arc::clone(&self.service),
            caller,
            homes: Arc::clone(&self.homes),
            connection: connection.unwrap_or_default().to_owned(),
            progress: token.map(|token| Progress::new(context.peer.clone(), token)),
            cancelled: context.ct.clone(),
        })
    }

    fn has_demo(&self) -> bool {
        self.service.config.agents.conformance
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_resources()
            .enable_resources_subscribe()
            .build();
        let mut info = ServerConfig::new(capabilities).with_instructions(INSTRUCTIONS);
        info.server_info = Implementation::new("cellblock", env!("CARGO_PKG_VERSION"));
        info
    }

    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let caller = self.call(&context)?.caller;
        let allowed = tools::all()
            .iter()
            .filter(|tool| caller.require(tool.needs).is_ok())
            .map(|tool| tool.shown.clone());
        let mut listed: Vec<_> = allowed.collect();
        if self.has_demo() {
            listed.extend(demo::tools());
        }
        Ok(ListToolsResult::with_all_items(listed))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let call = self.call(&context)?;
        let arguments = request.arguments.unwrap_or_default();
        if let Some(tool) = tools::find(&request.name) {
            return Ok(tool.call(call, arguments).await.into());
        }
        if self.has_demo()
            && let Some(result) = demo::call(&request.name, &context).await
        {
            return result.map(Into::into);
        }
        let name = crate::text::line(&request.name, 80);
        let message = format!("there is no tool {name:?}; tools/list says which there are");
        Err(ErrorData::invalid_params(message, None))
    }

    async fn list_resources(
        &self,
        page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let call = self.call(&context)?;
        let cursor = page.and_then(|page| page.cursor);
        let listed = resources::list(&call, cursor.as_deref()).await;
        listed.map_err(|fault| resources::error(&fault))
    }

    async fn list_resource_templates(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(resources::templates())
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let call = self.call(&context)?;
        if self.has_demo()
            && let Some(result) = demo::read(&request.uri)
        {
            return Ok(result.into());
        }
        match resources::read(&call, &request.uri).await {
            Ok(result) => Ok(result.into()),
            Err(fault) => Err(resources::error(&fault)),
        }
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let call = self.call(&context)?;
        if self.has_demo() && demo::read(&request.uri).is_some() {
            return Ok(());
        }
        let subscribed = async {
            let source = resources::source(&call, &request.uri).await?;
            let (news, tenant) = (&call.service.news, call.caller.tenant);
            self.subscriptions
                .add(request.uri, source, context.peer.clone(), news, tenant)
        };
        let subscribed: Result<(), Fault> = subscribed.await;
        subscribed.map_err(|fault| resources::error(&fault))
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.subscriptions.remove(&request.uri);
        Ok(())
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        let resources = requested.resource_subscriptions.clone();
        let filter = SubscriptionFilter::builder();
        Some(
            filter
                .resource_subscriptions(resources.unwrap_or_default())
                .build(),
        )
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let call = self.call(context.request_context())?;
        let uris = context.accepted().resource_subscriptions.clone();
        let uris = uris.unwrap_or_default();
        check_count(uris.len()).map_err(|fault| resources::error(&fault))?;
        // From now on, so that nothing is missed while it is looked at what they are.
        let news = call.service.news.watch(call.caller.tenant);
        let mut wanted = HashMap::new();
        for uri in uris {
            let source = resources::source(&call, &uri).await;
            wanted.insert(uri, source.map_err(|fault| resources::error(&fault))?);
        }
        let ear = Ear::Request(context.sink().clone());
        tokio::select! {
            () = context.cancelled() => {}
            () = tell(Arc::new(Mutex::new(wanted)), ear, news) => {}
        }
        Ok(())
    }
}
