//! Looking for messages by what they say.

use std::ops::Range;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    Content, ConversationId, Kind, Message, MessageUid, Millis, ObjectName, UserId,
    content::names,
    fold::{Folded, Marks, fold},
};

/// What to look for, and where. Newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// Words that must all occur, each anywhere inside a text: 1–200 characters, at most 8 words. Nothing in it is
    /// an operator.
    pub query: String,
    /// Only there.
    pub conversation: Option<ConversationId>,
    /// Only in conversations of these kinds; of every kind when empty.
    pub kinds: Vec<Kind>,
    /// Only what this one wrote.
    pub from: Option<UserId>,
    /// Only messages of this type.
    pub name: Option<ObjectName>,
    /// Only what was sent before this instant.
    pub before_at: Option<Millis>,
    /// Only what was sent after this instant.
    pub after_at: Option<Millis>,
    /// Continue with what is older than this message.
    pub before: Option<MessageUid>,
    /// At most so many hits: 1–50.
    pub limit: u16,
}

impl Search {
    /// Most hits in one answer.
    pub const MAX_LIMIT: u16 = 50;
    /// Longest query in characters.
    pub const MAX_CHARS: usize = 200;
    /// Most words in a query.
    pub const MAX_WORDS: usize = 8;

    /// Everything that says this, the newest 20.
    pub fn of(query: &str) -> Self {
        Self {
            query: query.to_owned(),
            conversation: None,
            kinds: Vec::new(),
            from: None,
            name: None,
            before_at: None,
            after_at: None,
            before: None,
            limit: 20,
        }
    }
}

/// A message that was looked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hit {
    /// The message.
    pub message: Message,
    /// What it says, or the part of that around the first mark, at most [`Hit::EXCERPT`] characters.
    pub text: String,
    /// Where the words stand in `text`: from and to, in UTF-16 code units as JavaScript counts.
    pub marks: Vec<(usize, usize)>,
}

impl Hit {
    /// Longest excerpt in characters.
    pub const EXCERPT: usize = 200;
    /// Characters shown before the first mark.
    const LEAD: usize = 40;
    /// Most marks in one excerpt.
    const MARKS: usize = 32;

    /// The hit of these words in a message; `None` when they are not all there.
    pub fn of(message: Message, words: &[String]) -> Option<Self> {
        let text = text_of(&message.content)?;
        let marks = find(&text, words)?;
        let first = marks.first().map_or(0, |mark| mark.start);
        let before = text.get(..first).unwrap_or_default();
        let from = before.char_indices().rev().take(Self::LEAD).last().map_or(first, |(at, _)| at);
        let rest = text.get(from..).unwrap_or_default();
        let excerpt = rest.char_indices().nth(Self::EXCERPT).map_or(rest, |(end, _)| rest.get(..end).unwrap_or(rest));
        let units = |to: usize| excerpt.get(..to).map(|text| text.encode_utf16().count());
        let place = |mark: &Range<usize>| {
            Some((units(mark.start.checked_sub(from)?)?, units((mark.end - from).min(excerpt.len()))?))
        };
        let marks = marks.iter().filter_map(place).filter(|(from, to)| from < to).take(Self::MARKS).collect();
        Some(Self { text: excerpt.to_owned(), marks, message })
    }
}

/// An answer to a search.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Found {
    /// The messages, newest first.
    pub hits: Vec<Hit>,
    /// Ask on with this as `before`; nothing when all was looked at.
    pub next: Option<MessageUid>,
    /// The time was over before all was looked at, or the newest messages are not in the index yet.
    pub partial: bool,
}

/// The words of a query in the form in which they are compared.
pub fn words_of(query: &str) -> Vec<String> {
    fold(query, Marks::Drop).split_whitespace().map(str::to_owned).collect()
}

/// The text of a content that can be searched.
pub fn text_of(content: &Content) -> Option<String> {
    let fields: &[&str] = match content.name.as_str() {
        names::TEXT | "RC:ReferenceMsg" => &["content"],
        names::INFO => &["message"],
        "RC:FileMsg" => &["name"],
        "RC:ImgTextMsg" => &["title", "content"],
        names::LEAVE_MESSAGE => &[],
        _ => return None,
    };
    let body: Map<String, Value> = content.view()?;
    let texts: Vec<&str> = if fields.is_empty() {
        body.values().filter_map(Value::as_str).collect()
    } else {
        fields.iter().filter_map(|field| body.get(*field)?.as_str()).collect()
    };
    Some(texts.join("\n")).filter(|text| !text.is_empty())
}

/// Where the words stand in a text, in order and without overlaps; `None` when one of them does not.
pub fn find(text: &str, words: &[String]) -> Option<Vec<Range<usize>>> {
    let folded = Folded::new(text, Marks::Drop);
    let mut marks: Vec<Range<usize>> = Vec::new();
    for word in words {
        let before = marks.len();
        let places = folded.as_str().match_indices(word.as_str());
        marks.extend(places.map(|(at, found)| folded.source(&(at..at + found.len()))));
        if marks.len() == before {
            return None;
        }
    }
    marks.sort_by_key(|mark| (mark.start, mark.end));
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(marks.len());
    for mark in marks {
        match joined.last_mut() {
            Some(last) if mark.start <= last.end => last.end = last.end.max(mark.end),
            _ => joined.push(mark),
        }
    }
    Some(joined)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Person, Role};

    fn hit(content: Content, query: &str) -> Option<(String, Vec<String>)> {
        let message = Message {
            uid: MessageUid::from_number(1),
            conversation: ConversationId::from_u128(1),
            seq: None,
            at: Millis::new(0),
            from: Person { id: "bob".parse().unwrap(), name: String::new(), role: Role::User, portrait: None },
            client_id: None,
            content,
        };
        let hit = Hit::of(message, &words_of(query))?;
        let units: Vec<u16> = hit.text.encode_utf16().collect();
        let marked = hit.marks.iter().map(|(from, to)| String::from_utf16(&units[*from..*to]).unwrap()).collect();
        Some((hit.text, marked))
    }

    #[test]
    fn words_are_found_inside_texts_whatever_their_case_and_accents() {
        let text = "Die Crème 😀 kostet, 我们的订单 CRÈME";
        let marked = |query| hit(Content::text(text), query).map(|(_, marked)| marked);
        assert_eq!(marked("creme").unwrap(), ["Crème", "CRÈME"]);
        assert_eq!(marked("KOST 订单").unwrap(), ["kost", "订单"]);
        assert_eq!(marked("rem crem").unwrap(), ["Crèm", "CRÈM"], "marks that overlap are one");
        assert_eq!(marked("creme nothing"), None, "all words must be there");
        for odd in ["*", "\" or 1", "cr_me", "cr%", "(crème", ".*"] {
            assert_eq!(marked(odd), None, "{odd} is no operator");
        }
    }

    #[test]
    fn a_long_text_is_cut_around_the_first_mark() {
        let text = format!("{}needle{}", "字 ".repeat(500), " hay".repeat(500));
        let (excerpt, marked) = hit(Content::text(&text), "needle").unwrap();
        assert_eq!((excerpt.chars().count(), marked), (Hit::EXCERPT, vec!["needle".to_owned()]));
        let (_, marked) = hit(Content::text(&"a".repeat(8000)), "aa").unwrap();
        assert_eq!(marked[0].len(), Hit::EXCERPT, "a mark ends with the excerpt");
        let (_, marked) = hit(Content::text(&"a ".repeat(4000)), "a").unwrap();
        assert_eq!(marked.len(), Hit::MARKS);
    }

    #[test]
    fn every_type_with_words_can_be_searched_and_no_other() {
        for (name, body, query) in [
            ("RC:InfoNtf", json!({ "message": "Anna joined" }), "anna"),
            ("RC:FileMsg", json!({ "name": "Angebot.pdf", "size": 3 }), "angebot.pdf"),
            ("RC:ImgTextMsg", json!({ "title": "Lamp", "content": "brass" }), "lamp brass"),
            ("RC:CsLm", json!({ "msg_name": "Vera", "msg_email": "v@x.example", "n": 1 }), "v@x.ex vera"),
        ] {
            assert!(hit(Content::of(name, &body), query).is_some(), "{name}");
        }
        let odd = Content::of("RC:TxtMsg", &json!({ "content": 5, "message": "lamp" }));
        assert!(hit(odd, "lamp").is_none());
        assert!(hit(Content::of("shop:order", &json!({ "content": "lamp" })), "lamp").is_none());
    }
}
