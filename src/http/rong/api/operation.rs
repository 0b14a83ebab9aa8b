//! One path: what it takes, what it does, and what the docs say of it.

use std::{future::Future, pin::Pin, rc::Rc};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{call::Call, form::Form, rates::Pace, refusal::Refusal};

/// What a path answers when it worked: the fields beside `code`.
pub(super) type Outcome = Result<Value, Refusal>;

type Run = Rc<dyn Fn(Call, Given) -> Pin<Box<dyn Future<Output = Outcome>>>>;

/// What came in the body.
pub(super) enum Given {
    /// Names and values.
    Form(Form),
    /// A document.
    Json(Value),
}

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// `application/x-www-form-urlencoded`, lists as repeated names.
    Form,
    /// `application/json`.
    Json,
}

/// A path as tests and docs see it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Without the slash before and `.json` behind.
    pub path: &'static str,
    /// How its body is written.
    pub takes: Takes,
    /// The parameters that must be there.
    pub needs: &'static [&'static str],
    /// A body that works once what it names is there.
    pub example: &'static str,
    /// What it does.
    pub says: &'static str,
    /// Whether it does that; the others answer 1009.
    pub is_there: bool,
}

/// One path.
pub(super) struct Operation {
    pub(super) path: &'static str,
    pub(super) takes: Takes,
    pub(super) needs: &'static [&'static str],
    pub(super) example: &'static str,
    pub(super) says: &'static str,
    pub(super) pace: Pace,
    pub(super) is_there: bool,
    pub(super) run: Run,
}

impl Operation {
    /// A path that takes a form.
    pub(super) fn form<F>(path: &'static str, run: impl Fn(Call, Form) -> F + 'static) -> Self
    where
        F: Future<Output = Outcome> + 'static,
    {
        Self::new(path, Takes::Form, move |call, given| match given {
            Given::Form(form) => Box::pin(run(call, form)),
            Given::Json(_) => Box::pin(std::future::ready(Err(Refusal::parameter("send a form")))),
        })
    }

    /// A path that takes JSON. Fields that nobody knows are ignored, as original code sends some.
    pub(super) fn json<T: DeserializeOwned + 'static, F>(
        path: &'static str,
        run: impl Fn(Call, T) -> F + 'static,
    ) -> Self
    where
        F: Future<Output = Outcome> + 'static,
    {
        Self::new(path, Takes::Json, move |call, given| {
            let Given::Json(value) = given else {
                return Box::pin(std::future::ready(Err(Refusal::parameter("send JSON"))));
            };
            match serde_json::from_value::<T>(value) {
                Ok(body) => Box::pin(run(call, body)),
                Err(error) => Box::pin(std::future::ready(Err(Refusal::parameter(&error.to_string())))),
            }
        })
    }

    fn new(
        path: &'static str,
        takes: Takes,
        run: impl Fn(Call, Given) -> Pin<Box<dyn Future<Output = Outcome>>> + 'static,
    ) -> Self {
        let (needs, example, says) = (&[][..], "", "");
        Self { path, takes, needs, example, says, pace: Pace::Usual, is_there: true, run: Rc::new(run) }
    }

    /// What must be in the body.
    pub(super) fn needs(mut self, names: &'static [&'static str]) -> Self {
        self.needs = names;
        self
    }

    /// A body, as it travels.
    pub(super) fn example(mut self, body: &'static str) -> Self {
        self.example = body;
        self
    }

    /// What it does, in one line without a full stop.
    pub(super) fn says(mut self, summary: &'static str) -> Self {
        self.says = summary;
        self
    }

    /// How often it may be asked.
    pub(super) fn paced(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// It only answers that it is not there.
    pub(super) fn missing(mut self) -> Self {
        self.is_there = false;
        self
    }

    /// As tests and docs see it.
    pub(super) fn listed(&self) -> Listed {
        let Self { path, takes, needs, example, says, is_there, .. } = self;
        Listed { path, takes: *takes, needs, example, says, is_there: *is_there }
    }
}
