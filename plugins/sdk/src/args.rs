//! Reading arguments into a struct, with errors that name the place.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::failure::{Failure, code};

/// Reads arguments into a struct.
///
/// # Errors
/// `INVALID_ARGUMENT` with the JSON pointer of the first value that does not fit.
pub fn read<A: DeserializeOwned>(arguments: &Value) -> Result<A, Failure> {
    try_read(arguments)
        .map_err(|message| blame(arguments, message, &|value| try_read::<A>(value).err()))
}

fn blame(
    arguments: &Value,
    message: String,
    error_of: &dyn Fn(&Value) -> Option<String>,
) -> Failure {
    let pointer = culprit(arguments, &message, error_of);
    let failure = Failure::bad_input(code::INVALID_ARGUMENT, message);
    if pointer.is_empty() {
        failure
    } else {
        failure.at(pointer)
    }
}

/// Kept apart so that a type's deserialisation is compiled once.
#[inline(never)]
fn try_read<A: DeserializeOwned>(arguments: &Value) -> Result<A, String> {
    A::deserialize(arguments).map_err(|error| error.to_string())
}

/// Which value an error is about: serde does not say, so each is left out in turn until the error
/// is another one. Only arguments that broke their schema come here.
fn culprit(
    arguments: &Value,
    message: &str,
    error_of: &dyn Fn(&Value) -> Option<String>,
) -> String {
    let mut pointer = String::new();
    loop {
        let inside = arguments.pointer(&pointer);
        let children: Vec<String> = match inside {
            Some(Value::Object(map)) => map
                .keys()
                .map(|key| key.replace('~', "~0").replace('/', "~1"))
                .collect(),
            Some(Value::Array(items)) => (0..items.len()).map(|index| index.to_string()).collect(),
            _ => return pointer,
        };
        let blamed = children.into_iter().find(|child| {
            let mut without = arguments.clone();
            remove(&mut without, &pointer, child);
            error_of(&without).as_deref() != Some(message)
        });
        let Some(child) = blamed else { return pointer };
        pointer = format!("{pointer}/{child}");
    }
}

fn remove(arguments: &mut Value, pointer: &str, child: &str) {
    match arguments.pointer_mut(pointer) {
        Some(Value::Object(map)) => drop(map.remove(&child.replace("~1", "/").replace("~0", "~"))),
        Some(Value::Array(items)) => drop(
            child
                .parse()
                .ok()
                .filter(|&index: &usize| index < items.len())
                .map(|index| items.remove(index)),
        ),
        _ => {}
    }
}
