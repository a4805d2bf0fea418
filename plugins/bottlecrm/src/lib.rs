//! BottleCRM (Django-CRM): eight tools over its REST API, as declarations.
//!
//! `entity`, `fields`, `filters` and `choices` are tables; each tool's file holds its arguments,
//! its result and what it does; `routes` and `actions` hold what each may send. Nothing here knows
//! an address or a credential.

mod access;
mod actions;
mod around;
mod bodies;
mod choices;
mod create;
mod crm;
mod delete;
mod describe;
mod directory;
mod entity;
mod errors;
mod fields;
mod filters;
mod flaws;
mod get;
mod ids;
mod lists;
mod live_check;
mod made;
mod manifest;
mod payload;
mod query;
mod records;
mod resolve;
mod resources;
mod routes;
mod schema;
mod search;
mod settings;
mod shape;
mod skim;
mod stored;
mod tables;
mod update;
mod values;

use portcullis_sdk::{Plugin, Tool};

/// The plugin `bottlecrm`.
#[must_use]
pub fn plugin() -> Plugin {
    Plugin::new(manifest::manifest)
        .tool(Tool::read("crm_search", "Search records", search::search).routes(routes::search))
        .tool(Tool::read("crm_get", "Get a record", get::get).routes(routes::get))
        .tool(Tool::write("crm_create", "Create a record", create::create).routes(routes::create))
        .tool(
            Tool::write("crm_update", "Change a record", update::update)
                .idempotent()
                .routes(routes::update),
        )
        .tool(
            Tool::destructive(
                "crm_delete",
                "Delete a record",
                delete::preview,
                delete::delete,
            )
            .idempotent()
            .routes(routes::delete)
            .preview_routes(routes::delete_preview),
        )
        .tool(
            Tool::destructive(
                "crm_action",
                "Run an action",
                actions::preview,
                actions::run,
            )
            .routes(routes::none)
            .cases(actions::cases),
        )
        .tool(
            Tool::read("crm_describe", "Describe an entity", describe::describe)
                .routes(routes::describe),
        )
        .tool(Tool::read("list_actions", "List actions", actions::list).routes(routes::none))
        .live_check(routes::live_check, live_check::check)
        .resource(resources::schemas())
        .resource(resources::records())
}

portcullis_sdk::export!(plugin, resources, completion);
