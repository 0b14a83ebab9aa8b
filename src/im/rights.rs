//! Who may write where. Checked with every message: rights change while a connection stands (Z3).

use super::{conversation::Route, error::not_found};
use crate::model::{Caller, Code, Fault, Kind, Millis, ObjectName, Stage, UserId, conversation::Group};

/// Most members that a message can be meant for among all of them.
pub(super) const MOST_RECIPIENTS: usize = 100;

/// Who may read may not always write: in a service conversation only the visitor and the agent who has it, and nobody
/// answers the house.
pub(super) fn may_write(caller: &Caller, route: &Route, name: &ObjectName, now: Millis) -> Result<(), Fault> {
    if let Some(group) = &route.group {
        return may_write_in_group(caller, route, group, name, now);
    }
    let allowed = match (&route.kind, &route.stage) {
        (Kind::Service, Some(Stage::Human { agent, .. })) if caller.is_agent() => agent == caller.id(),
        (Kind::Service, Some(Stage::Queued { .. } | Stage::Offline { .. })) if caller.is_agent() => false,
        (Kind::System, _) if route.has(caller.id()) => {
            return Err(Fault::new(Code::Forbidden, "nobody answers here: this conversation is only read"));
        }
        _ => route.has(caller.id()),
    };
    match allowed {
        true => Ok(()),
        false if route.kind == Kind::Service && caller.is_agent() => {
            Err(Fault::new(Code::Forbidden, "take the conversation first, then answer"))
        }
        false => Err(not_found()),
    }
}

/// Silenced members may still answer who read what.
fn may_write_in_group(
    caller: &Caller,
    route: &Route,
    group: &Group,
    name: &ObjectName,
    now: Millis,
) -> Result<(), Fault> {
    if !route.has(caller.id()) {
        return Err(not_found());
    }
    if group.dismissed_at.is_some() {
        return Err(Fault::new(Code::ConversationClosed, "this group was dismissed"));
    }
    let member = route.member(caller.id());
    let silenced = member.is_silenced(now) || (group.silenced && !member.owner && !member.allowed);
    if silenced && !matches!(name.as_str(), "RC:RRRspMsg" | "RC:ReadNtf" | "RC:SRSMsg") {
        return Err(Fault::new(Code::Silenced, "you may not write in this group now"));
    }
    Ok(())
}

/// Those whom a message is for, each once and without its sender. They must be members.
pub(super) fn recipients(route: &Route, sender: &UserId, mut only: Vec<UserId>) -> Result<Vec<UserId>, Fault> {
    if only.is_empty() {
        return Ok(only);
    }
    if !route.kind.has_members() {
        return Err(Fault::new(Code::BadRequest, "`to` is for groups and discussions"));
    }
    if only.len() > MOST_RECIPIENTS {
        let message = format!("`to` names {} users; the limit is {MOST_RECIPIENTS}", only.len());
        return Err(Fault::new(Code::BadRequest, message));
    }
    only.sort_unstable();
    only.dedup();
    only.retain(|user| user != sender);
    if only.is_empty() {
        return Err(Fault::new(Code::BadRequest, "`to` names nobody but the sender"));
    }
    match only.iter().find(|user| !route.has(user)) {
        Some(stranger) => Err(Fault::new(Code::NotFound, format!("no such member: {stranger}"))),
        None => Ok(only),
    }
}
