//! One message for many, with words that differ (compatible protocol, "Messages").

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    call::Call,
    form::read,
    groups::MOST_USERS,
    operation::{Operation, Outcome},
    posting::{Publish, content, send},
    rates::{Limit, Pace},
    refusal::Refusal,
};
use crate::{
    im::backend::messages::{Addressees, MOST_SYSTEM_USERS, Words},
    model::UserId,
};

pub(super) fn operations() -> Vec<Operation> {
    let template = |path, limit| {
        Operation::json(path, move |call, body| publish(call, body, limit))
            .needs(&["fromUserId", "toUserId", "objectName", "content", "values"])
            .example(
                r#"{"fromUserId":"nora","toUserId":["olaf","pia"],"objectName":"RC:TxtMsg","content":"{\"content\":\"Dear {who}\"}","values":[{"{who}":"Olaf"},{"{who}":"Pia"}],"pushContent":["",""],"pushData":["",""]}"#,
            )
            .paced(Pace::Own)
    };
    vec![
        template("message/private/publish_template", Limit::Private).says("In private, with words per receiver"),
        template("message/system/publish_template", Limit::System).says("As a system message, with words per receiver"),
    ]
}

/// The body of both paths. Numbers also come as texts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Template {
    from_user_id: String,
    to_user_id: Vec<String>,
    object_name: String,
    content: String,
    values: Vec<BTreeMap<String, String>>,
    #[serde(default)]
    verify_blacklist: Switch,
    #[serde(default = "on")]
    is_persisted: Switch,
    #[serde(default = "on")]
    is_counted: Switch,
    #[serde(default)]
    is_include_sender: Switch,
}

/// 0 or 1, as a number or a text.
#[derive(Deserialize, Default)]
#[serde(untagged)]
enum Switch {
    #[default]
    Absent,
    Number(i64),
    Text(String),
}

fn on() -> Switch {
    Switch::Number(1)
}

impl Switch {
    fn is_on(&self) -> bool {
        match self {
            Self::Absent => false,
            Self::Number(number) => *number == 1,
            Self::Text(text) => text == "1",
        }
    }
}

async fn publish(call: Call, body: Template, limit: Limit) -> Outcome {
    let most = if limit == Limit::System { MOST_SYSTEM_USERS } else { MOST_USERS };
    let users: Vec<UserId> = body.to_user_id.iter().map(|user| read("toUserId", user)).collect::<Result<_, _>>()?;
    if !(1..=most).contains(&users.len()) {
        return Err(Refusal::quantity(&format!("`toUserId` has {} entries; allowed are 1 to {most}", users.len())));
    }
    if body.values.len() != users.len() {
        return Err(Refusal::parameter("`values` has one entry per receiver, in their order"));
    }
    call.take(limit, users.len()).await?;
    let words: Vec<Words> = body.values.into_iter().map(words).collect();
    let never = |switch: &Switch| (!switch.is_on()).then_some(false);
    let publish = Publish {
        from: read("fromUserId", &body.from_user_id)?,
        content: content(&body.object_name, &body.content)?,
        stored: never(&body.is_persisted),
        counted: never(&body.is_counted),
        include_sender: body.is_include_sender.is_on(),
        verify_blacklist: body.verify_blacklist.is_on(),
    };
    let to = if limit == Limit::System { Addressees::System(users) } else { Addressees::Users(users) };
    send(&call, publish.post(&call, to, Vec::new(), Some(words)), "userId").await
}

/// Marks are named with their braces or without.
fn words(given: BTreeMap<String, String>) -> Words {
    let bare = |mark: String| {
        mark.strip_prefix('{').and_then(|mark| mark.strip_suffix('}')).map(str::to_owned).unwrap_or(mark)
    };
    given.into_iter().map(|(mark, text)| (bare(mark), text)).collect()
}
