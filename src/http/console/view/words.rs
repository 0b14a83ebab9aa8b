//! What a message says, in the reader's words.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Reader, face::name_of};
use crate::{
    model::{Conversation, Message, content::names},
    view::Locale,
};

/// What a message carries besides words: the name of a file, else what it is.
pub(super) fn carried_words(message: &Message, words: &Locale) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    let key = match message.content.name.as_str() {
        names::IMAGE | names::GIF => "console-kind-image",
        names::VIDEO => "console-kind-video",
        names::VOICE | "RC:VcMsg" => "console-kind-voice",
        names::FILE => {
            let named = message.content.view::<Named>().map(|named| named.name).filter(|name| !name.is_empty());
            return named.or_else(|| Some(words.get("console-kind-file")));
        }
        _ => return None,
    };
    Some(words.get(key))
}

/// The words of a left message, and the form's other answers.
pub(super) fn left_message(message: &Message) -> (String, Map<String, Value>) {
    let mut fields: Map<String, Value> = message.content.view().unwrap_or_default();
    let text = fields.remove("msg_content");
    (text.and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default(), fields)
}

/// The words of a text, or of a title with a text and an address.
pub(super) fn text_of(message: &Message) -> Option<String> {
    #[derive(Deserialize)]
    struct Text {
        content: String,
    }
    match message.content.name.as_str() {
        names::TEXT => message.content.view::<Text>().map(|text| text.content),
        _ => message.content.card(),
    }
}

/// What a note or an unknown content says in the reader's words.
pub(super) fn event_words(message: &Message, conversation: &Conversation, reader: Reader<'_>) -> String {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Info {
        message: String,
        extra: String,
        user: Option<Who>,
    }
    #[derive(Deserialize)]
    struct Who {
        id: String,
        #[serde(default)]
        name: String,
    }
    let words = reader.words;
    let visitor = conversation.visitor().map_or_else(String::new, |visitor| name_of(&visitor.person, words));
    if message.content.is_recalled() && message.from.id == *reader.me {
        return words.get("console-event-recalled-you");
    }
    if message.content.name.as_str() != names::INFO {
        let name = name_of(&message.from, words);
        if message.content.is_recalled() {
            return words.format("console-event-recalled", &[("name", name.as_str().into())]);
        }
        return words.format("console-event-unknown", &[("name", name.as_str().into())]);
    }
    let info: Info = message.content.view().unwrap_or_default();
    let mine = info.user.as_ref().is_some_and(|who| who.id == reader.me.as_str());
    let agent = info.user.map(|who| who.name).unwrap_or_default();
    let (key, name) = match info.extra.as_str() {
        "joined" if mine => ("console-event-joined-you", agent),
        "joined" => ("console-event-joined", agent),
        "ended_by_agent" if mine => ("console-event-ended-you", agent),
        "ended_by_agent" => ("console-event-ended-agent", agent),
        "ended_by_visitor" => ("console-event-ended-visitor", visitor),
        "ended_by_timeout" => ("console-event-ended-timeout", visitor),
        "message_left" => ("console-event-left", visitor),
        _ => return info.message,
    };
    words.format(key, &[("name", name.as_str().into())])
}
