//! Bodies of messages: what is taken is kept byte for byte, and can be looked at without harm.
#![no_main]
use libfuzzer_sys::fuzz_target;
use parlor::model::Content;
use serde_json::value::RawValue;

fuzz_target!(|text: &str| {
    let Ok(body) = RawValue::from_string(text.to_owned()) else { return };
    for name in ["RC:TxtMsg", "RC:InfoNtf", "app:any"] {
        let name = name.parse().expect("a valid name");
        if let Ok(content) = Content::new(name, body.clone()) {
            assert_eq!(content.body(), body.get());
            let _ = (content.words(), content.mentions());
            let again = Content::from_stored(content.name.as_str(), content.body().to_owned());
            assert_eq!(again.expect("what was taken can be read back"), content);
        }
    }
});
