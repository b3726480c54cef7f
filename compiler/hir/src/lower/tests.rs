//! Behaviours and conditions with the Core they become, and faulty ones with what is said of them.

mod blocks;
mod contracts;
mod dump;
mod names;
mod packets;
mod states;
mod values;
mod world;

/// Checks that a behaviour (or the body of `on lan`) has exactly one fault: this code, at this text.
#[track_caller]
fn fault(code: &str, at: &str, body: &str) {
    let members = if body.trim_start().starts_with("on ") || body.trim_start().starts_with("state ") {
        body.to_owned()
    } else {
        format!("on lan {{ {body} }}")
    };
    assert_eq!(world::problems(&members), [(code.to_owned(), at.to_owned())], "{body}");
}
