//! SuiteCRM 7 and 8: 24 tools over its v4_1 API and its V8 JSON API, as declarations.
//!
//! Each tool's file holds its arguments, its result and what it does; `routes` holds what each may
//! send. Nothing here knows an address or a credential.

mod activity;
mod amounts;
mod applied;
mod attachments;
mod bulk;
mod chosen;
mod columns;
mod count;
mod create;
mod delete;
mod dropdowns;
mod entities;
mod errors;
mod fetch;
mod filters;
mod get;
mod identity;
mod links;
mod live_check;
mod log_call;
mod manifest;
mod metadata;
mod module_fields;
mod modules;
mod names;
mod other_side;
mod payload;
mod planned;
mod projection;
mod recent;
mod record_activities;
mod related;
mod resources;
mod routes;
mod rows;
mod rpc;
mod save;
mod search;
mod search_text;
mod server_info;
mod settings;
mod upcoming;
mod update;
mod v8;
mod via;
mod where_clause;

use portcullis_sdk::{Plugin, Tool};

/// The plugin `suitecrm`.
#[must_use]
pub fn plugin() -> Plugin {
    let plugin = reading(Plugin::new(manifest::manifest));
    logging(writing(plugin))
        .live_check(routes::live_check, live_check::check)
        .resource(resources::schemas())
        .resource(resources::records())
}

fn reading(plugin: Plugin) -> Plugin {
    plugin
        .tool(Tool::read("search", "Search records", search::search).routes(routes::search))
        .tool(
            Tool::read("search_text", "Search for a text", search_text::search_text)
                .routes(routes::search_text),
        )
        .tool(Tool::read("get", "Get a record", get::get).routes(routes::get))
        .tool(Tool::read("get_many", "Get several records", get::get_many).routes(routes::read))
        .tool(Tool::read("count", "Count records", count::count).routes(routes::count))
        .tool(
            Tool::read(
                "get_relationships",
                "List linked records",
                related::get_relationships,
            )
            .routes(routes::read),
        )
        .tool(
            Tool::read(
                "get_module_fields",
                "Describe a module",
                module_fields::get_module_fields,
            )
            .routes(routes::read),
        )
        .tool(
            Tool::read(
                "get_dropdown_values",
                "Show a dropdown list",
                dropdowns::get_dropdown_values,
            )
            .routes(routes::dropdowns),
        )
        .tool(
            Tool::read("list_modules", "List modules", modules::list_modules).routes(routes::read),
        )
        .tool(
            Tool::read("get_recent", "List recent records", recent::get_recent)
                .routes(routes::recent),
        )
        .tool(
            Tool::read(
                "get_upcoming_activities",
                "List what is due",
                upcoming::get_upcoming,
            )
            .routes(routes::upcoming),
        )
        .tool(
            Tool::read(
                "get_record_activities",
                "List a record's activities",
                record_activities::get_record_activities,
            )
            .routes(routes::read),
        )
        .tool(
            Tool::read(
                "get_note_attachment",
                "Read a note's file",
                attachments::get_attachment,
            )
            .routes(routes::get_attachment),
        )
        .tool(
            Tool::read(
                "server_info",
                "Describe the connection",
                server_info::server_info,
            )
            .routes(routes::server_info),
        )
}

fn writing(plugin: Plugin) -> Plugin {
    plugin
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
                .preview_routes(routes::read),
        )
        .tool(
            Tool::write("bulk_upsert", "Create and update many records", bulk::bulk_upsert)
                .routes(routes::bulk_upsert),
        )
        .tool(
            Tool::write("link_records", "Link records", links::link)
                .about("Links a record with others, e.g. an account with contacts. Ids that do not exist are reported, and nothing is linked then.")
                .idempotent()
                .routes(routes::relate),
        )
        .tool(
            Tool::write("unlink_records", "Unlink records", links::unlink)
                .about("Removes links between a record and others; the records stay. Ids that were not linked are listed.")
                .idempotent()
                .routes(routes::unrelate),
        )
}

fn logging(plugin: Plugin) -> Plugin {
    plugin
        .tool(Tool::write("log_call", "Log a call", log_call::log_call).routes(routes::log_call))
        .tool(
            Tool::write("create_task", "Create a task", activity::create_task)
                .routes(routes::create_task),
        )
        .tool(
            Tool::write("create_note", "Create a note", activity::create_note)
                .routes(routes::create_note),
        )
        .tool(
            Tool::write(
                "set_note_attachment",
                "Store a note's file",
                attachments::set_attachment,
            )
            .idempotent()
            .routes(routes::set_attachment),
        )
}

portcullis_sdk::export!(plugin, resources, completion);
