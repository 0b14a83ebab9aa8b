//! Names and ids: shown names are visible and short, ids survive their text.
#![no_main]
use libfuzzer_sys::fuzz_target;
use parlor::model::{
    AppKey, ClientId, ConversationId, Handle, MessageUid, SiteKey, UserId,
    person::{MAX_NAME, display_name, has_tower_of_marks},
};

fn round<T: std::str::FromStr + ToString>(text: &str) {
    if let Ok(id) = text.parse::<T>() {
        assert!(id.to_string().eq_ignore_ascii_case(text), "{text}");
    }
}

fuzz_target!(|text: &str| {
    if let Some(name) = display_name(text) {
        assert!(name.chars().count() <= MAX_NAME && name.trim() == name.as_str() && !has_tower_of_marks(&name), "{name:?}");
        assert!(!name.chars().any(char::is_control), "{name:?}");
    }
    round::<AppKey>(text);
    round::<SiteKey>(text);
    round::<UserId>(text);
    round::<ClientId>(text);
    round::<Handle>(text);
    round::<ConversationId>(text);
    round::<MessageUid>(text);
});
