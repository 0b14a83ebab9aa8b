//! What clients do about discussions.

use super::find::Asker;
use crate::{
    model::{
        Code, Command, ConversationId, Fault, Kind, Reply,
        command::{CreateGroup, GroupChange},
    },
    proto::rong::CreateDiscussionOutput,
    wire::rong::{answer, ask::DiscussionAsk, dialect::Dialect, place::Place},
};

pub(super) async fn perform(asker: &Asker, asked: &DiscussionAsk, dialect: Dialect) -> Result<Vec<u8>, Fault> {
    let (place, change) = match asked {
        DiscussionAsk::Create(name) => return create(asker, name, dialect).await,
        DiscussionAsk::Info(place) => return info(asker, place, dialect).await,
        DiscussionAsk::Invite(place, users) => (place, GroupChange::Add(users.clone())),
        DiscussionAsk::Quit(place) => (place, GroupChange::Quit),
        DiscussionAsk::Kick(place, user) => (place, GroupChange::Kick { user: user.clone(), ban: false }),
        DiscussionAsk::Rename(place, name) => (place, GroupChange::Rename(name.clone())),
    };
    let conversation = find(asker, place).await?;
    asker.command(Command::Group { conversation, change }).await?;
    Ok(Vec::new())
}

async fn create(asker: &Asker, name: &str, dialect: Dialect) -> Result<Vec<u8>, Fault> {
    let new = CreateGroup { kind: Kind::Discussion, name: name.to_owned(), users: Vec::new() };
    match asker.command(Command::CreateGroup(new)).await? {
        Reply::Conversation(made) => Ok(dialect.write(&CreateDiscussionOutput { id: made.id.to_string() })),
        _ => Err(Fault::new(Code::Internal, "the discussion was answered with something else")),
    }
}

async fn info(asker: &Asker, place: &Place, dialect: Dialect) -> Result<Vec<u8>, Fault> {
    let id = find(asker, place).await?;
    let found = asker.im.conversation(&asker.caller, id).await?;
    Ok(dialect.write(&answer::discussion_info(&found, place)))
}

async fn find(asker: &Asker, place: &Place) -> Result<ConversationId, Fault> {
    let found = asker.find(place).await?.map(|found| found.id);
    found.ok_or_else(|| Fault::new(Code::NotFound, "you are in no such discussion"))
}
