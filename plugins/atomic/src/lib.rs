//! Atomic CRM: its Supabase project over PostgREST, as declarations.
//!
//! `entity`, `tables` and `choices` say what the CRM holds; each tool's file has its arguments, its
//! result and what it does; `routes` holds what each may send. Nothing here knows an address or a
//! credential, and nothing opens a database connection: rights are those of the caller's token.

mod app;
mod board;
mod choices;
mod create;
mod deals;
mod delete;
mod duplicates;
mod entity;
mod errors;
mod exposure;
mod filter_values;
mod filters;
mod get;
mod installed;
mod list;
mod live_check;
mod manifest;
mod merge;
mod overdue;
mod payload;
mod pipeline;
mod resources;
mod rest;
mod routes;
mod said;
mod schema;
mod search;
mod settings;
mod sql;
mod tables;
mod tags;
mod tasks;
mod timeline;
mod update;
mod values;
mod whoami;
mod whole;
mod write;

use portcullis_sdk::{Plugin, Tool};

/// The functions that `query`, `mutate` and the precise `get_schema` need, for the operator to
/// install in the project's database.
pub const SQL: &str = include_str!("../sql/atomic_query.sql");

/// The plugin `atomic`.
#[must_use]
pub fn plugin() -> Plugin {
    let plugin = Plugin::new(manifest::manifest).live_check(routes::live_check, live_check::check);
    changing(reading(plugin))
        .resource(app::task_list())
        .resource(resources::schemas())
        .resource(resources::records())
}

fn reading(plugin: Plugin) -> Plugin {
    plugin
        .tool(Tool::read("get_schema", "Describe the data", schema::schema).routes(routes::schema))
        .tool(Tool::read("query", "Run a SELECT", sql::query).routes(routes::query))
        .tool(Tool::read("search", "Search by words", search::search).routes(routes::lists))
        .tool(Tool::read("list_records", "List records", list::list).routes(routes::list))
        .tool(Tool::read("get_record", "Get a record", get::get).routes(routes::lists))
        .tool(Tool::read("whoami", "Who is asking", whoami::whoami).routes(routes::whoami))
        .tool(
            Tool::read("timeline", "What happened lately", timeline::timeline)
                .routes(routes::timeline),
        )
        .tool(
            Tool::read("pipeline_summary", "Sum up the pipeline", pipeline::summary)
                .routes(routes::pipeline),
        )
        .tool(
            Tool::read("overdue_tasks", "Tasks that are due", overdue::overdue)
                .routes(routes::overdue),
        )
        .tool(
            Tool::read("find_duplicates", "Find duplicates", duplicates::find)
                .routes(routes::duplicates),
        )
        .tool(
            Tool::read("display_task_list", "Show tasks", tasks::display)
                .page(app::TASK_LIST)
                .visible_to(&["model"]),
        )
}

fn changing(plugin: Plugin) -> Plugin {
    plugin
        .tool(
            Tool::write("create_record", "Create a record", create::create).routes(routes::create),
        )
        .tool(
            Tool::write("update_record", "Change a record", update::update)
                .idempotent()
                .routes(routes::update),
        )
        .tool(
            Tool::write("complete_task", "Complete a task", tasks::complete)
                .idempotent()
                .visible_to(&["model", "app"])
                .routes(routes::complete_task),
        )
        .tool(Tool::write("move_deal", "Move a deal", deals::move_deal).routes(routes::move_deal))
        .tool(
            Tool::write("archive_deal", "Archive a deal", deals::archive)
                .idempotent()
                .routes(routes::archive_deal),
        )
        .tool(
            Tool::write("tag_contact", "Tag a contact", tags::tag)
                .idempotent()
                .routes(routes::tag),
        )
        .tool(
            Tool::destructive(
                "merge_contacts",
                "Merge two contacts",
                merge::preview,
                merge::merge,
            )
            .routes(routes::merge)
            .preview_routes(routes::lists),
        )
        .tool(
            Tool::destructive(
                "delete_record",
                "Delete a record",
                delete::preview,
                delete::delete,
            )
            .idempotent()
            .routes(routes::delete)
            .preview_routes(routes::lists),
        )
        .tool(
            Tool::destructive(
                "mutate",
                "Run an INSERT, UPDATE or DELETE",
                sql::preview,
                sql::mutate,
            )
            .routes(routes::mutate)
            .preview_routes(routes::mutate_dry)
            .cases(routes::mutate_cases),
        )
}

portcullis_sdk::export!(plugin, resources, completion);
