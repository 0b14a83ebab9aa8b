//! One operation: its address, what it needs, what it does, and what the document says of it.

use std::{future::Future, pin::Pin, rc::Rc};

use actix_web::http::Method;
use serde_json::Value;

use super::{
    answer::{Answer, Rendered},
    call::Call,
    input::{Input, Request},
    openapi::Described,
};
use crate::model::{Code, Fault, Scope};

/// What an operation is about: a chapter of the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::http) enum Tag {
    /// The app, its switches and keys.
    App,
    /// Sites and agents.
    House,
    /// Conversations and what is said in them.
    Conversations,
    /// Users and what they may do.
    Users,
    /// What must not be said.
    Moderation,
    /// Webhooks and their deliveries.
    Webhooks,
    /// Chatrooms.
    Chatrooms,
    /// What back ends say.
    Messages,
    /// Groups and discussions.
    Groups,
    /// What everybody hears, and who says it.
    Broadcasts,
}

impl Tag {
    /// Every chapter, in the order of the reference.
    pub(super) const ALL: &[Self] = &[
        Self::App,
        Self::House,
        Self::Users,
        Self::Conversations,
        Self::Messages,
        Self::Groups,
        Self::Chatrooms,
        Self::Broadcasts,
        Self::Moderation,
        Self::Webhooks,
    ];

    /// Its heading.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::App => "App",
            Self::House => "Sites and agents",
            Self::Conversations => "Conversations",
            Self::Users => "Users",
            Self::Moderation => "Moderation",
            Self::Webhooks => "Webhooks",
            Self::Chatrooms => "Chatrooms",
            Self::Messages => "Messages",
            Self::Groups => "Groups and discussions",
            Self::Broadcasts => "Messages to everybody",
        }
    }

    /// What is in it.
    pub(super) const fn meaning(self) -> &'static str {
        match self {
            Self::App => "The app itself: its switches, its keys, the record of who changed what.",
            Self::House => "Where the app is embedded, and who answers there.",
            Self::Conversations => {
                "What the desk has to do, everybody's own lists, the messages and people of any conversation."
            }
            Self::Users => "Users: profiles, tokens, tags, presence, blocks and gags, lists and settings.",
            Self::Moderation => "What must not be said.",
            Self::Webhooks => "Hearing of what happens: webhooks, and what became of each notice.",
            Self::Chatrooms => "Rooms that are made by joining and end when nobody speaks.",
            Self::Messages => "Sending in anybody's name, taking messages back, clearing histories.",
            Self::Groups => "Groups and discussions under your own ids: who is inside, and who may write.",
            Self::Broadcasts => "What every user hears, and the accounts that speak to many.",
        }
    }
}

/// What an operation does, whatever it takes and answers.
type Run = Rc<dyn Fn(Call, Request) -> Pin<Box<dyn Future<Output = Result<Rendered, Fault>>>>>;

/// One operation.
#[derive(Clone)]
pub(in crate::http) struct Operation {
    pub(super) method: Method,
    pub(super) path: &'static str,
    /// Its `operationId`.
    pub(super) name: &'static str,
    pub(super) tag: Tag,
    /// `None`: any key will do.
    pub(super) scope: Option<Scope>,
    pub(super) summary: &'static str,
    pub(super) more: &'static str,
    pub(super) body_example: Option<Value>,
    pub(super) codes: Vec<Code>,
    pub(super) is_audited: bool,
    pub(super) described: Described,
    /// Whether the input takes this body; a test asks.
    #[cfg_attr(not(test), expect(dead_code, reason = "asked by a test of all operations"))]
    pub(super) takes: fn(&Value) -> Result<(), String>,
    pub(super) run: Run,
}

impl Operation {
    /// Reads.
    pub(super) fn get<I: Input, O: Answer, F>(path: &'static str, run: impl Fn(Call, I) -> F + 'static) -> Self
    where
        F: Future<Output = Result<O, Fault>> + 'static,
    {
        Self::new(Method::GET, path, run)
    }

    /// Makes something, or does something.
    pub(super) fn post<I: Input, O: Answer, F>(path: &'static str, run: impl Fn(Call, I) -> F + 'static) -> Self
    where
        F: Future<Output = Result<O, Fault>> + 'static,
    {
        Self::new(Method::POST, path, run)
    }

    /// Puts something in its place, whole.
    pub(super) fn put<I: Input, O: Answer, F>(path: &'static str, run: impl Fn(Call, I) -> F + 'static) -> Self
    where
        F: Future<Output = Result<O, Fault>> + 'static,
    {
        Self::new(Method::PUT, path, run)
    }

    /// Changes parts of something.
    pub(super) fn patch<I: Input, O: Answer, F>(path: &'static str, run: impl Fn(Call, I) -> F + 'static) -> Self
    where
        F: Future<Output = Result<O, Fault>> + 'static,
    {
        Self::new(Method::PATCH, path, run)
    }

    /// Removes.
    pub(super) fn delete<I: Input, O: Answer, F>(path: &'static str, run: impl Fn(Call, I) -> F + 'static) -> Self
    where
        F: Future<Output = Result<O, Fault>> + 'static,
    {
        Self::new(Method::DELETE, path, run)
    }

    fn new<I: Input, O: Answer, F>(method: Method, path: &'static str, run: impl Fn(Call, I) -> F + 'static) -> Self
    where
        F: Future<Output = Result<O, Fault>> + 'static,
    {
        let mut described = Described::of(path);
        I::describe(&mut described);
        O::describe(&mut described);
        let run = move |call: Call, request: Request| -> Pin<Box<dyn Future<Output = Result<Rendered, Fault>>>> {
            match I::read(&request) {
                Ok(input) => {
                    let work = run(call, input);
                    Box::pin(async move { work.await?.render() })
                }
                Err(fault) => Box::pin(std::future::ready(Err(fault))),
            }
        };
        Self {
            method,
            path,
            name: "",
            tag: Tag::App,
            scope: None,
            summary: "",
            more: "",
            body_example: None,
            codes: Vec::new(),
            is_audited: false,
            described,
            takes: I::takes,
            run: Rc::new(run),
        }
    }

    /// Its `operationId`: a verb and what it is done to, such as `createSite`.
    pub(super) fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// Its chapter.
    pub(super) fn of(mut self, tag: Tag) -> Self {
        self.tag = tag;
        self
    }

    /// The scope a key needs; without one any key will do.
    pub(super) fn needs(mut self, scope: Scope) -> Self {
        self.scope = Some(scope);
        self
    }

    /// What it does, in one line without a full stop.
    pub(super) fn says(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }

    /// What else is worth knowing.
    pub(super) fn explains(mut self, more: &'static str) -> Self {
        self.more = more;
        self
    }

    /// An example of its body.
    pub(super) fn sends(mut self, example: Value) -> Self {
        self.body_example = Some(example);
        self
    }

    /// Errors besides those that every operation can have.
    pub(super) fn fails(mut self, codes: &[Code]) -> Self {
        self.codes.extend(codes);
        self
    }

    /// Written down in the audit record whenever it was done.
    pub(super) fn audited(mut self) -> Self {
        self.is_audited = true;
        self
    }
}
