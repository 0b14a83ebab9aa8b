//! Groups and discussions.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{
    IntoParams, ToSchema,
    openapi::{ObjectBuilder, RefOr, Type, schema::Schema},
};

use super::{
    answer::{Created, Done, Json, Listing},
    call::Call,
    cursor,
    input::{At, Body, Query, Segment},
    operation::{Operation, Tag},
};
use crate::{
    im::backend::{groups::NewGroupByBackEnd, messages::Place},
    model::{
        Code, Conversation, ConversationId, Fault, Handle, Kind, Millis, Person, Role, Scope, UserId,
        conversation::{Participant, Which},
    },
};

pub(super) fn operations() -> Vec<Operation> {
    [of_groups(), of_members()].into_iter().flatten().collect()
}

fn of_groups() -> Vec<Operation> {
    let read = |operation: Operation| operation.of(Tag::Groups).needs(Scope::Read);
    let change = |operation: Operation| operation.of(Tag::Groups).needs(Scope::Groups);
    vec![
        change(Operation::post("/v1/groups", create).named("createGroup"))
            .says("Founds a group or discussion")
            .explains("The first user owns it. Nothing is announced inside: send your own `RC:GrpNtf`.")
            .sends(json!({ "id": "team-7", "name": "Team", "users": ["anna", "bob"] }))
            .fails(&[Code::NotFound, Code::AlreadyExists, Code::GroupFull]),
        read(Operation::get("/v1/groups/{group}", show).named("readGroup")).says("A group or discussion"),
        change(Operation::patch("/v1/groups/{group}", change_group).named("changeGroup"))
            .says("Renames a group, or silences everybody but the owner and those allowed")
            .sends(json!({ "name": "Crew", "silenced": true }))
            .fails(&[Code::ConversationClosed]),
        change(Operation::delete("/v1/groups/{group}", dismiss).named("dismissGroup"))
            .says("Dismisses a group: it stays readable, and takes no more messages")
            .fails(&[Code::ConversationClosed]),
        read(Operation::get("/v1/users/{user}/groups", groups_of).named("listUserGroups"))
            .says("A user's groups and discussions, by id"),
        change(Operation::post("/v1/users/{user}/groups", sync).named("syncUserGroups"))
            .says("Makes a user's groups exactly these")
            .explains("Groups that are missing are founded, with the user as owner.")
            .sends(json!({ "groups": [{ "id": "team-7", "name": "Team" }] }))
            .fails(&[Code::NotFound, Code::GroupFull, Code::ConversationClosed]),
    ]
}

fn of_members() -> Vec<Operation> {
    let read = |operation: Operation| operation.of(Tag::Groups).needs(Scope::Read);
    let change = |operation: Operation| operation.of(Tag::Groups).needs(Scope::Groups);
    vec![
        read(Operation::get("/v1/groups/{group}/members", members).named("listMembers")).says("Its members, by id"),
        change(Operation::post("/v1/groups/{group}/members", join).named("addMembers"))
            .says("Brings users in")
            .sends(json!({ "users": ["cara"] }))
            .fails(&[Code::GroupFull, Code::ConversationClosed]),
        change(Operation::post("/v1/groups/{group}/members/remove", remove).named("removeMembers"))
            .says("Takes users out, for good with `ban`")
            .sends(json!({ "users": ["cara"], "ban": true }))
            .fails(&[Code::ConversationClosed]),
        change(Operation::post("/v1/groups/{group}/silences", silence).named("silenceMembers"))
            .says("Members may not write for so many minutes, or for ever with 0; without `minutes` they may again")
            .sends(json!({ "users": ["bob"], "minutes": 60 }))
            .fails(&[Code::ConversationClosed]),
        change(Operation::post("/v1/groups/{group}/exceptions", allow).named("allowMembers"))
            .says("Members may write while the group is silenced, or no more")
            .sends(json!({ "users": ["bob"], "allowed": true }))
            .fails(&[Code::ConversationClosed]),
        read(Operation::get("/v1/groups/{group}/bans", bans).named("listGroupBans")).says("Who was banned, by id"),
        change(Operation::delete("/v1/groups/{group}/bans/{user}", forgive).named("forgiveGroupBan"))
            .says("Forgets that a user was banned")
            .fails(&[Code::ConversationClosed]),
    ]
}

/// How an address names a group or discussion.
struct Named(Place);

impl FromStr for Named {
    type Err = crate::model::ids::InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(conversation) => Ok(Self(Place::Conversation(conversation))),
            Err(_) => text.parse().map(|handle| Self(Place::Handle(Kind::Group, handle))),
        }
    }
}

impl Segment for Named {
    const MEANING: &'static str = "Your id of a group, or our id of a group or discussion.";

    fn schema() -> RefOr<Schema> {
        Schema::from(ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[!-~]{1,64}$"))).into()
    }
}

/// A group to found.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewGroup)]
struct GroupForm {
    /// Your id of it.
    id: Handle,
    /// `group` (without it) or `discussion`.
    kind: Option<Kind>,
    /// Its name: 1 to 64 characters.
    name: String,
    /// Who is inside: 1 to 3,000. The first one owns it.
    #[schema(min_items = 1, max_items = 3000)]
    users: Vec<UserId>,
}

/// What to change of a group.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GroupChange)]
struct GroupChange {
    /// Another name.
    name: Option<String>,
    /// Only the owner and those allowed may write.
    silenced: Option<bool>,
}

/// Users to bring in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Users)]
struct UsersForm {
    #[schema(min_items = 1, max_items = 3000)]
    users: Vec<UserId>,
}

/// Users to take out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RemovedUsers)]
struct RemoveForm {
    #[schema(min_items = 1, max_items = 3000)]
    users: Vec<UserId>,
    /// They cannot come back by themselves.
    #[serde(default)]
    ban: bool,
}

/// Members to silence.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Silence)]
struct SilenceForm {
    #[schema(min_items = 1, max_items = 100)]
    users: Vec<UserId>,
    /// 1 to 43,200, or 0 for ever; without it they may write again.
    #[schema(maximum = 43_200)]
    minutes: Option<u32>,
}

/// Members who may write.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Exception)]
struct AllowForm {
    #[schema(min_items = 1, max_items = 100)]
    users: Vec<UserId>,
    allowed: bool,
}

/// A user's groups.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserGroups)]
struct SyncForm {
    #[schema(max_items = 500)]
    groups: Vec<SyncedGroup>,
}

/// A group that a user is in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserGroup)]
struct SyncedGroup {
    id: Handle,
    /// Its name when it must be founded.
    name: String,
}

/// Which members.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct MembersQuery {
    /// `all` (without it), `silenced` or `allowed`.
    #[param(inline)]
    which: Option<WhichMembers>,
    /// Items of a page: 1 to 100; without it 30.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    /// Where the page begins: `next` of the page before.
    #[param(max_length = 300)]
    cursor: Option<String>,
}

/// Which members.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum WhichMembers {
    All,
    Silenced,
    Allowed,
}

/// A group or discussion.
#[derive(Serialize, ToSchema)]
#[schema(as = Group)]
struct GroupView {
    /// Your id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Handle>,
    /// Our id of it.
    conversation: ConversationId,
    kind: Kind,
    name: String,
    /// How many are inside.
    members: u32,
    /// Only the owner and those allowed may write.
    silenced: bool,
    created_at: Millis,
    #[serde(skip_serializing_if = "Option::is_none")]
    dismissed_at: Option<Millis>,
}

/// A member.
#[derive(Serialize, ToSchema)]
#[schema(as = Member)]
#[expect(clippy::struct_excessive_bools, reason = "each says something else of a member")]
struct MemberView {
    id: UserId,
    name: String,
    role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    portrait: Option<String>,
    online: bool,
    /// Everything up to this place was seen.
    read: u64,
    owner: bool,
    silenced: bool,
    /// Absent: for ever, while `silenced`.
    #[serde(skip_serializing_if = "Option::is_none")]
    silenced_until: Option<Millis>,
    /// May write while all others may not.
    allowed: bool,
}

/// Somebody who was banned.
#[derive(Serialize, ToSchema)]
#[schema(as = Banned)]
struct BannedView {
    id: UserId,
    name: String,
}

impl From<Conversation> for GroupView {
    fn from(found: Conversation) -> Self {
        let group = found.group.unwrap_or_default();
        Self {
            id: found.handle,
            conversation: found.id,
            kind: found.kind,
            name: group.name,
            members: group.members,
            silenced: group.silenced,
            created_at: found.created_at,
            dismissed_at: group.dismissed_at,
        }
    }
}

impl From<Participant> for MemberView {
    fn from(found: Participant) -> Self {
        let Person { id, name, role, portrait } = found.person;
        let member = found.member.unwrap_or_default();
        Self {
            id,
            name,
            role,
            portrait,
            online: found.online,
            read: found.read.0,
            owner: member.owner,
            silenced: member.silenced,
            silenced_until: member.silenced_until,
            allowed: member.allowed,
        }
    }
}

/// A page of what was asked for with one more than its limit.
fn page<T, V: From<T>>(mut found: Vec<T>, limit: u16, place: impl Fn(&T) -> String) -> Listing<V> {
    let more = found.len() > usize::from(limit);
    found.truncate(limit.into());
    let next = found.last().filter(|_| more).map(place);
    Listing { items: found.into_iter().map(V::from).collect(), next }
}

async fn create(call: Call, Body(form): Body<GroupForm>) -> Result<Created<GroupView>, Fault> {
    let (handle, kind) = (form.id, form.kind.unwrap_or(Kind::Group));
    let new = NewGroupByBackEnd { kind, handle, name: form.name, users: form.users };
    let group = call.backend().create_group(new).await?;
    Ok(Created::at(format!("/v1/groups/{}", group.id), group.into()))
}

async fn show(call: Call, At(Named(place)): At<Named>) -> Result<Json<GroupView>, Fault> {
    Ok(Json(call.backend().group(&place).await?.into()))
}

async fn change_group(
    call: Call,
    (At(Named(place)), Body(change)): (At<Named>, Body<GroupChange>),
) -> Result<Json<GroupView>, Fault> {
    let backend = call.backend();
    if let Some(name) = change.name {
        backend.rename_group(&place, &name).await?;
    }
    if let Some(silenced) = change.silenced {
        backend.silence_group(&place, silenced).await?;
    }
    Ok(Json(backend.group(&place).await?.into()))
}

async fn dismiss(call: Call, At(Named(place)): At<Named>) -> Result<Json<GroupView>, Fault> {
    Ok(Json(call.backend().dismiss_group(&place).await?.into()))
}

async fn groups_of(
    call: Call,
    (At(user), Query(query)): (At<UserId>, Query<cursor::PageQuery>),
) -> Result<Listing<GroupView>, Fault> {
    let limit = query.limit()?;
    let found = call.backend().groups_of_user(&user, query.place()?, limit).await?;
    Ok(page(found, limit, |group: &Conversation| cursor::after(&group.id)))
}

async fn sync(call: Call, (At(user), Body(form)): (At<UserId>, Body<SyncForm>)) -> Result<Done, Fault> {
    let wanted = form.groups.into_iter().map(|group| (group.id, group.name)).collect();
    call.backend().sync_groups(&user, wanted).await?;
    Ok(Done)
}

async fn members(
    call: Call,
    (At(Named(place)), Query(query)): (At<Named>, Query<MembersQuery>),
) -> Result<Listing<MemberView>, Fault> {
    let limit = cursor::limit(query.limit)?;
    let after: Option<UserId> = cursor::place(query.cursor.as_deref())?;
    let which = match query.which {
        None | Some(WhichMembers::All) => Which::All,
        Some(WhichMembers::Silenced) => Which::Silenced(call.im.now()),
        Some(WhichMembers::Allowed) => Which::Allowed,
    };
    let found = call.backend().group_members(&place, which, after.as_ref(), limit).await?;
    Ok(page(found, limit, |member: &Participant| cursor::after(&member.person.id)))
}

async fn join(
    call: Call,
    (At(Named(place)), Body(form)): (At<Named>, Body<UsersForm>),
) -> Result<Json<GroupView>, Fault> {
    Ok(Json(call.backend().join_group(&place, form.users).await?.into()))
}

async fn remove(
    call: Call,
    (At(Named(place)), Body(form)): (At<Named>, Body<RemoveForm>),
) -> Result<Json<GroupView>, Fault> {
    Ok(Json(call.backend().quit_group(&place, form.users, form.ban).await?.into()))
}

async fn silence(
    call: Call,
    (At(Named(place)), Body(form)): (At<Named>, Body<SilenceForm>),
) -> Result<Json<GroupView>, Fault> {
    Ok(Json(call.backend().silence_members(&place, &form.users, form.minutes).await?.into()))
}

async fn allow(
    call: Call,
    (At(Named(place)), Body(form)): (At<Named>, Body<AllowForm>),
) -> Result<Json<GroupView>, Fault> {
    Ok(Json(call.backend().allow_members(&place, &form.users, form.allowed).await?.into()))
}

async fn bans(
    call: Call,
    (At(Named(place)), Query(query)): (At<Named>, Query<cursor::PageQuery>),
) -> Result<Listing<BannedView>, Fault> {
    let limit = query.limit()?;
    let after: Option<UserId> = query.place()?;
    let found = call.backend().group_bans(&place, after.as_ref(), limit).await?;
    Ok(page(found, limit, |person: &Person| cursor::after(&person.id)))
}

impl From<Person> for BannedView {
    fn from(person: Person) -> Self {
        Self { id: person.id, name: person.name }
    }
}

async fn forgive(call: Call, At((Named(place), user)): At<(Named, UserId)>) -> Result<Done, Fault> {
    call.backend().ban_from_group(&place, &user, false).await?;
    Ok(Done)
}
