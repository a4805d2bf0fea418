//! EspoCRM 9 and 10: thirteen tools over its REST API, as declarations.
//!
//! Each tool's file holds its arguments, its result and what it does; `routes` holds what each may
//! send. Nothing here knows an address or a credential.

mod applied;
mod board;
mod by_stage;
mod condition;
mod create;
mod crm;
mod delete;
mod drafts;
mod entity;
mod entity_types;
mod errors;
mod fields;
mod forbidden;
mod get;
mod identity;
mod kanban;
mod links;
mod list;
mod live_check;
mod manifest;
mod metadata;
mod notes;
mod operators;
mod payload;
mod related;
mod resources;
mod rights;
mod routes;
mod schema;
mod search;
mod selection;
mod settings;
mod table;
mod update;
mod values;
mod where_clause;

use portcullis_sdk::{Plugin, Tool};

/// The plugin `espocrm`.
#[must_use]
pub fn plugin() -> Plugin {
    Plugin::new(manifest::manifest)
        .tool(
            Tool::read("list_entity_types", "List entity types", entity_types::list)
                .routes(routes::discovery),
        )
        .tool(
            Tool::read("get_schema", "Describe an entity type", schema::get)
                .routes(routes::discovery),
        )
        .tool(
            Tool::read("search", "Search records", search::search)
                .aliases(&["query"])
                .routes(routes::search),
        )
        .tool(Tool::read("get", "Get a record", get::get).routes(routes::get))
        .tool(
            Tool::read("list_related", "List related records", related::list)
                .aliases(&["get_related"])
                .routes(routes::list_related),
        )
        .tool(Tool::write("create", "Create a record", create::create).routes(routes::create))
        .tool(
            Tool::write("update", "Update a record", update::update)
                .idempotent()
                .routes(routes::update),
        )
        .tool(
            Tool::destructive("delete", "Delete a record", delete::preview, delete::delete)
                .idempotent()
                .routes(routes::delete)
                .preview_routes(routes::delete_preview),
        )
        .tool(
            Tool::write("link", "Link records", links::link)
                .idempotent()
                .routes(routes::link),
        )
        .tool(
            Tool::write("unlink", "Unlink records", links::unlink)
                .idempotent()
                .routes(routes::unlink),
        )
        .tool(
            Tool::write("add_note", "Add a note to a record", notes::add).routes(routes::add_note),
        )
        .tool(
            Tool::write(
                "update_kanban",
                "Move a record on its board",
                kanban::update,
            )
            .idempotent()
            .routes(routes::update_kanban),
        )
        .tool(
            Tool::write("draft_email", "Draft an e-mail", drafts::draft)
                .routes(routes::draft_email),
        )
        .live_check(routes::live_check, live_check::check)
        .resource(resources::schemas())
        .resource(resources::records())
}

portcullis_sdk::export!(plugin, resources, completion);
