//! Somebody: name, initials, colour.

use crate::{
    model::{Person, Role},
    view::{Locale, people},
};

/// Somebody, ready to print.
#[derive(Debug, Clone, Default)]
pub(in crate::http::console) struct Face {
    pub(in crate::http::console) name: String,
    pub(in crate::http::console) initials: String,
    pub(in crate::http::console) colour: u32,
    /// `online`, or nothing.
    pub(in crate::http::console) presence: &'static str,
}

impl Face {
    pub(in crate::http::console) fn of(person: &Person, online: bool, words: &Locale) -> Self {
        let name = name_of(person, words);
        let initials = match guest_id(person) {
            Some(id) => id.chars().take(2).collect(),
            None => first_if_east_asian(&name).unwrap_or_else(|| people::initials(&name)),
        };
        let presence = if online { "online" } else { "" };
        Self { name, initials, colour: people::colour_of(person.id.as_str()), presence }
    }
}

/// Of a Chinese, Japanese or Korean name the family name's first character (design console §5.2).
fn first_if_east_asian(name: &str) -> Option<String> {
    let first = name.chars().next()?;
    let is_east_asian = matches!(first, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{20000}'..='\u{323af}');
    is_east_asian.then(|| first.to_string())
}

/// The last four symbols of a nameless visitor's id.
fn guest_id(person: &Person) -> Option<String> {
    if !person.name.is_empty() || person.role != Role::Visitor {
        return None;
    }
    let id = person.id.as_str();
    Some(id.get(id.len().saturating_sub(4)..).unwrap_or(id).to_ascii_uppercase())
}

/// The name shown; nameless visitors are guests.
pub(in crate::http::console) fn name_of(person: &Person, words: &Locale) -> String {
    match guest_id(person) {
        Some(id) => words.format("console-guest", &[("id", id.as_str().into())]),
        None if person.role == Role::System => words.get("console-product"),
        None if person.name.is_empty() => person.id.to_string(),
        None => person.name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{http::console::page::TEXTS, model::UserId};

    #[test]
    fn a_nameless_visitor_is_a_guest() {
        let words = TEXTS.best(None, "en");
        let id: UserId = "vabc7kq4".parse().unwrap();
        let guest = Person { id, name: String::new(), role: Role::Visitor, portrait: None };
        let face = Face::of(&guest, true, words);
        assert_eq!((face.name.as_str(), face.initials.as_str(), face.presence), ("Guest 7KQ4", "7K", "online"));
    }
}
