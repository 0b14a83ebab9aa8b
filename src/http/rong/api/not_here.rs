//! Paths of the original that are known and not there: they say so, rather than nothing.

use super::{
    call::Call,
    form::Form,
    operation::{Operation, Outcome},
    refusal::Refusal,
};

/// What of the later versions of the original is not there.
const PATHS: [&str; 31] = [
    "user/remarks/set",
    "user/remarks/del",
    "user/remarks/get",
    "user/blockPushPeriod/set",
    "user/blockPushPeriod/get",
    "user/blockPushPeriod/delete",
    "user/profile/set",
    "user/profile/clean",
    "user/profile/batch/query",
    "user/profile/query",
    "user/deactivate",
    "user/deactivate/query",
    "user/reactivate",
    "user/query",
    "user/delusers",
    "message/private/query",
    "message/group/query",
    "message/chatroom/query",
    "message/expansion/set",
    "message/expansion/delete",
    "message/expansion/query",
    "group/user/query/joined",
    "group/remarks/set",
    "group/remarks/get",
    "group/remarks/del",
    "conversation/type/notification/set",
    "conversation/type/notification/get",
    "conversation/type/notification/batch/set",
    "conversation/notification/batch/set",
    "chatroom/join",
    "push/custom",
];

pub(super) fn operations() -> Vec<Operation> {
    let refuse = |_: Call, _: Form| async { refused() };
    PATHS.into_iter().map(|path| Operation::form(path, refuse).missing().says("Not there")).collect()
}

fn refused() -> Outcome {
    Err(Refusal::not_open("this server does not have this"))
}
