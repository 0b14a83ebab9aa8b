//! What is left for somebody who answers later.
//!
//! Source: spec "Customer-service flow" §3 and §9.3; compatible protocol, "Customer service".

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::model::{Code, Content, Fault, content::names};

/// A left message, in the one form in which it is kept. `RC:CsContact` says the same in other fields, which its sender
/// makes up: they are written out line by line.
pub(super) fn read(content: &Content) -> Result<Content, Fault> {
    if content.name.as_str() == names::CONTACT {
        let told: Contact = content.view().unwrap_or_default();
        let name = told.nick_name.map(|name| name.chars().take(MOST_NAME).collect::<String>());
        let said = Left { content: Some(told.info.as_ref().map(written).unwrap_or_default()), name, ..Left::default() };
        said.check("info")?;
        return Ok(Content::of(names::LEAVE_MESSAGE, &json!({ "msg_content": said.content, "msg_name": said.name })));
    }
    content.view::<Left>().unwrap_or_default().check("msg_content")?;
    Ok(content.clone())
}

const MOST_NAME: usize = 64;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Left {
    #[serde(rename = "msg_content")]
    content: Option<String>,
    #[serde(rename = "msg_email")]
    email: Option<String>,
    #[serde(rename = "msg_name")]
    name: Option<String>,
    #[serde(rename = "msg_tel")]
    phone: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Contact {
    #[serde(rename = "nickName")]
    nick_name: Option<String>,
    info: Option<Value>,
}

impl Left {
    /// `field` is where the sender wrote the text.
    fn check(&self, field: &str) -> Result<(), Fault> {
        let length = |text: &Option<String>| text.as_deref().map_or(0, |text| text.trim().chars().count());
        if length(&self.content) == 0 {
            return Err(Fault::new(Code::BadRequest, format!("`{field}` is empty; write a message first")));
        }
        let limits = [
            (field, &self.content, 4000),
            ("msg_email", &self.email, 254),
            ("msg_name", &self.name, MOST_NAME),
            ("msg_tel", &self.phone, 40),
        ];
        match limits.into_iter().find(|(_, text, max)| length(text) > *max) {
            Some((name, _, max)) => {
                Err(Fault::new(Code::TooLarge, format!("`{name}` is longer than {max} characters")))
            }
            None => Ok(()),
        }
    }
}

/// Words as they are; fields as lines.
fn written(value: &Value) -> String {
    let one = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match value {
        Value::Object(fields) => lines(fields, one),
        Value::Null => String::new(),
        other => one(other),
    }
}

fn lines(fields: &Map<String, Value>, one: impl Fn(&Value) -> String) -> String {
    let lines: Vec<String> = fields.iter().map(|(name, value)| format!("{name}: {}", one(value))).collect();
    lines.join("\n")
}

/// The built-in leave-message form (§3 `leaveMsgConf.defaultConf`).
pub(super) fn form() -> Value {
    json!([
        { "name": "msg_content", "title": "Message", "type": "textarea", "required": true, "max": 4000 },
        { "name": "msg_email", "title": "E-mail", "type": "text", "required": true, "max": 254, "verification": "email" },
        { "name": "msg_name", "title": "Name", "type": "text", "required": false, "max": 64 },
        { "name": "msg_tel", "title": "Phone", "type": "text", "required": false, "max": 40, "verification": "phone" },
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(info: &Value) -> Result<String, Code> {
        let kept = read(&Content::of(names::CONTACT, &json!({ "nickName": "Nora", "info": info })));
        let kept = kept.map_err(|fault| fault.code)?;
        assert_eq!(kept.name.as_str(), names::LEAVE_MESSAGE);
        let left: Left = kept.view().unwrap();
        assert_eq!(left.name.as_deref(), Some("Nora"));
        Ok(left.content.unwrap())
    }

    #[test]
    fn a_contact_is_kept_as_a_left_message() {
        assert_eq!(words(&json!("call me")), Ok("call me".to_owned()));
        assert_eq!(words(&json!({ "mail": "n@x.example", "times": 2 })), Ok("mail: n@x.example\ntimes: 2".to_owned()));
        assert_eq!(words(&json!("")), Err(Code::BadRequest));
        assert_eq!(words(&json!(null)), Err(Code::BadRequest));
        assert_eq!(words(&json!("x".repeat(4001))), Err(Code::TooLarge));
    }
}
