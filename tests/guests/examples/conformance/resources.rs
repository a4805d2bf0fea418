//! Resources: a text, an image, one that can be watched, and a template that completes.

use portcullis_sdk::prelude::*;
use portcullis_sdk::{Contents, Resource, Suggestions, Typed};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::blocks::PNG;

/// Data by its number.
#[derive(Deserialize, JsonSchema)]
struct Data {
    /// Its number.
    #[schemars(regex(pattern = r"^[a-z0-9]{1,20}$"))]
    id: String,
}

/// Adds the resources.
pub fn resources(plugin: Plugin) -> Plugin {
    let text = "This is the content of the static text resource.";
    plugin
        .resource(Resource::at(
            "static_text",
            "test://{connection}/static-text",
            "A static text",
            "text/plain",
            move |_| Ok(text),
        ))
        .resource(Resource::at(
            "static_binary",
            "test://{connection}/static-binary",
            "A static image",
            "image/png",
            |_| Ok(PNG.to_vec()),
        ))
        .resource(Resource::at(
            "watched",
            "test://{connection}/watched-resource",
            "A resource that can be watched",
            "text/plain",
            |_| Ok("Nothing happens."),
        ))
        .resource(
            Resource::template(
                "data",
                "test://{connection}/template/{id}/data",
                "Data by its number",
                "application/json",
                data,
            )
            .completes(&["id"], Vec::new, numbers),
        )
}

fn data(_: &Call<'_>, args: &Data) -> Result<Contents, Failure> {
    let id = &args.id;
    let data = json!({"id": id, "templateTest": true, "data": format!("Data for ID: {id}")});
    Ok(data.to_string().into())
}

fn numbers(_: &Call<'_>, typed: Typed<'_>) -> Result<Suggestions, Failure> {
    let all = (0..150).map(|number| number.to_string());
    Ok(Suggestions::of(all, typed.value))
}
