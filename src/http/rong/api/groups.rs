//! Groups: who is inside (compatible protocol, "Groups"). Nothing is announced inside: the app sends its own notices.

use std::collections::HashSet;

use serde_json::json;

use super::{
    call::{Call, done},
    form::{Form, read},
    operation::{Operation, Outcome},
    refusal::Refusal,
};
use crate::{
    im::backend::{groups::NewGroupByBackEnd, messages::Place},
    model::{Code, ConversationId, Handle, Kind, UserId, conversation::Which},
};

/// Most users per request.
pub(super) const MOST_USERS: usize = 1000;
/// Largest page of the domain's lists.
const PAGE: u16 = 100;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::form("group/create", create)
            .needs(&["groupId", "userId"])
            .example("groupId=lamps&groupName=Lamps&userId=nora&userId=olaf")
            .says("Founds a group; the first user owns it"),
        Operation::form("group/sync", sync)
            .needs(&["userId"])
            .example("userId=nora&group%5Blamps%5D=Lamps")
            .says("Replaces a user's memberships"),
        Operation::form("group/join", join)
            .needs(&["groupId", "userId"])
            .example("groupId=lamps&groupName=Lamps&userId=pia")
            .says("Brings users in; a group that is missing is founded"),
        Operation::form("group/quit", quit)
            .needs(&["groupId", "userId"])
            .example("groupId=lamps&userId=pia")
            .says("Takes users out"),
        Operation::form("group/dismiss", dismiss)
            .needs(&["groupId", "userId"])
            .example("groupId=lamps&userId=nora")
            .says("Nobody writes any more"),
        Operation::form("group/refresh", refresh)
            .needs(&["groupId", "groupName"])
            .example("groupId=lamps&groupName=Lamps+and+shades")
            .says("Another name"),
        Operation::form("group/user/query", members).needs(&["groupId"]).example("groupId=lamps").says("Who is inside"),
        Operation::form("user/group/query", of_user).needs(&["userId"]).example("userId=nora").says("A user's groups"),
    ]
}

/// The group that a request names.
pub(super) fn place(form: &Form) -> Result<Place, Refusal> {
    Ok(Place::Handle(Kind::Group, form.id("groupId")?))
}

/// What a group without a name is called.
fn name(form: &Form, handle: &Handle) -> String {
    form.text("groupName").unwrap_or(handle.as_str()).to_owned()
}

async fn create(call: Call, form: Form) -> Outcome {
    found(&call, &form).await?;
    done()
}

/// Founds the group, or brings the users in and gives it the name: the original takes both again and again.
async fn found(call: &Call, form: &Form) -> Result<(), Refusal> {
    let (handle, users): (Handle, Vec<UserId>) = (form.id("groupId")?, form.ids("userId", MOST_USERS)?);
    call.backend().know_users(&users).await?;
    let new = NewGroupByBackEnd {
        kind: Kind::Group,
        handle: handle.clone(),
        name: name(form, &handle),
        users: users.clone(),
    };
    match call.backend().create_group(new).await {
        Err(fault) if fault.code == Code::AlreadyExists => {}
        other => return Ok(other.map(drop)?),
    }
    let place = Place::Handle(Kind::Group, handle);
    call.backend().join_group(&place, users).await?;
    if let Some(name) = form.text("groupName") {
        call.backend().rename_group(&place, name).await?;
    }
    Ok(())
}

async fn join(call: Call, form: Form) -> Outcome {
    found(&call, &form).await?;
    done()
}

async fn sync(call: Call, form: Form) -> Outcome {
    let user: UserId = form.id("userId")?;
    let mut wanted: Vec<(Handle, String)> = Vec::new();
    let mut seen = HashSet::new();
    for (id, name) in form.bracketed("group") {
        let handle: Handle = read("group", id)?;
        if seen.insert(handle.clone()) {
            let name = if name.is_empty() { id } else { name };
            wanted.push((handle, name.to_owned()));
        }
    }
    call.backend().know_users(std::slice::from_ref(&user)).await?;
    call.backend().sync_groups(&user, wanted).await?;
    done()
}

async fn quit(call: Call, form: Form) -> Outcome {
    call.backend().quit_group(&place(&form)?, form.ids("userId", MOST_USERS)?, false).await?;
    done()
}

async fn dismiss(call: Call, form: Form) -> Outcome {
    let _operator: UserId = form.id("userId")?;
    call.backend().dismiss_group(&place(&form)?).await?;
    call.record("dismissGroup", form.need("groupId")?).await?;
    done()
}

async fn refresh(call: Call, form: Form) -> Outcome {
    call.backend().rename_group(&place(&form)?, form.need("groupName")?).await?;
    done()
}

async fn members(call: Call, form: Form) -> Outcome {
    let found = all_members(&call, &place(&form)?, Which::All).await?;
    let users: Vec<_> = found.into_iter().map(|one| json!({ "id": one.person.id })).collect();
    Ok(json!({ "users": users }))
}

/// Everybody of a group whom this is about.
pub(super) async fn all_members(
    call: &Call,
    place: &Place,
    which: Which,
) -> Result<Vec<crate::model::conversation::Participant>, Refusal> {
    let mut found: Vec<crate::model::conversation::Participant> = Vec::new();
    loop {
        let after = found.last().map(|last| last.person.id.clone());
        let mut page = call.backend().group_members(place, which, after.as_ref(), PAGE).await?;
        let more = page.len() > usize::from(PAGE);
        page.truncate(usize::from(PAGE));
        found.extend(page);
        if !more {
            return Ok(found);
        }
    }
}

async fn of_user(call: Call, form: Form) -> Outcome {
    let user: UserId = form.id("userId")?;
    let (mut groups, mut after): (Vec<_>, Option<ConversationId>) = (Vec::new(), None);
    loop {
        let mut page = call.backend().groups_of_user(&user, after, PAGE).await?;
        let more = page.len() > usize::from(PAGE);
        page.truncate(usize::from(PAGE));
        after = page.last().map(|last| last.id);
        for group in page.into_iter().filter(|group| group.kind == Kind::Group) {
            let open = group.group.filter(|group| group.dismissed_at.is_none());
            if let (Some(handle), Some(open)) = (group.handle, open) {
                groups.push(json!({ "id": handle, "name": open.name }));
            }
        }
        if !more {
            return Ok(json!({ "groups": groups }));
        }
    }
}
