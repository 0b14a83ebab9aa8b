//! What operations take from a request, and how the document describes it.

use std::{cell::Cell, str::FromStr};

use actix_web::{
    dev::Payload,
    web::{self, Bytes},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::{
    IntoParams, ToSchema,
    openapi::{
        RefOr, Required,
        path::{ParameterBuilder, ParameterIn},
        schema::Schema,
    },
};

use super::{json, openapi::Described};
use crate::{
    http::error,
    model::{Code, Fault},
};

/// A request whose body was read and whose sender is known.
#[derive(Default)]
pub(in crate::http) struct Request {
    /// The ids in the address in their order, decoded.
    pub(super) path: Vec<String>,
    /// As it stands in the address.
    pub(super) query: String,
    /// JSON of bounded size and depth, or empty.
    pub(super) body: Bytes,
    /// A file's bytes that nobody has read yet, with what the headers say of them.
    pub(super) file: Cell<Option<Incoming>>,
}

/// A file on its way in: the whole body, read while it comes.
pub(in crate::http) struct Incoming {
    /// Its bytes.
    pub(in crate::http) bytes: Payload,
    /// What its sender takes it for.
    pub(in crate::http) media_type: String,
    /// How many bytes were promised.
    pub(in crate::http) size: Option<u64>,
}

impl Input for Incoming {
    fn read(request: &Request) -> Result<Self, Fault> {
        request.file.take().ok_or_else(error::internal)
    }

    fn describe(described: &mut Described) {
        described.takes_file = true;
    }
}

/// Something to take from a request.
pub(in crate::http) trait Input: Sized + 'static {
    /// Takes it, or says what is wrong.
    fn read(request: &Request) -> Result<Self, Fault>;
    /// Describes it.
    fn describe(described: &mut Described);
    /// Whether it takes this body.
    fn takes(_body: &Value) -> Result<(), String> {
        Ok(())
    }
}

/// Nothing.
impl Input for () {
    fn read(_: &Request) -> Result<Self, Fault> {
        Ok(())
    }

    fn describe(_: &mut Described) {}
}

/// A type that stands in an address.
pub(in crate::http) trait Segment: FromStr<Err: std::fmt::Display> + 'static {
    /// What it is, for the document.
    const MEANING: &'static str;
    /// Its form.
    fn schema() -> RefOr<Schema>;
}

/// What stands in an address: one id, or a tuple of two.
pub(in crate::http) trait Place: Sized + 'static {
    /// Takes it.
    fn read(request: &Request) -> Result<Self, Fault>;
    /// Describes it.
    fn describe(described: &mut Described);
}

impl<T: Segment> Place for T {
    fn read(request: &Request) -> Result<Self, Fault> {
        segment(request, 0)
    }

    fn describe(described: &mut Described) {
        describe_segment::<T>(described);
    }
}

impl<A: Segment, B: Segment> Place for (A, B) {
    fn read(request: &Request) -> Result<Self, Fault> {
        Ok((segment(request, 0)?, segment(request, 1)?))
    }

    fn describe(described: &mut Described) {
        describe_segment::<A>(described);
        describe_segment::<B>(described);
    }
}

/// The ids in the address: `At<UserId>`, `At<(Handle, UserId)>`.
pub(in crate::http) struct At<T>(pub(in crate::http) T);

impl<T: Place> Input for At<T> {
    fn read(request: &Request) -> Result<Self, Fault> {
        T::read(request).map(Self)
    }

    fn describe(described: &mut Described) {
        T::describe(described);
    }
}

fn segment<T: Segment>(request: &Request, place: usize) -> Result<T, Fault> {
    let text = request.path.get(place).map_or("", String::as_str);
    text.parse().map_err(|error: T::Err| Fault::new(Code::BadRequest, error.to_string()))
}

fn describe_segment<T: Segment>(described: &mut Described) {
    let Some(name) = described.next_segment() else { return };
    let parameter = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(T::MEANING))
        .schema(Some(T::schema()));
    described.parameters.push(parameter.build());
}

/// What stands behind the question mark; the type refuses unknown fields.
pub(in crate::http) struct Query<T>(pub(in crate::http) T);

impl<T: DeserializeOwned + IntoParams + 'static> Input for Query<T> {
    fn read(request: &Request) -> Result<Self, Fault> {
        web::Query::<T>::from_query(&request.query)
            .map(|query| Self(query.into_inner()))
            .map_err(|error| Fault::new(Code::BadRequest, error.to_string()))
    }

    fn describe(described: &mut Described) {
        described.parameters.extend(T::into_params(|| Some(ParameterIn::Query)));
    }
}

/// The body; the type refuses unknown fields.
pub(in crate::http) struct Body<T>(pub(in crate::http) T);

impl<T: DeserializeOwned + ToSchema + 'static> Input for Body<T> {
    fn read(request: &Request) -> Result<Self, Fault> {
        json::read(&request.body).map(Self)
    }

    fn describe(described: &mut Described) {
        described.body = Some(described.schema_of::<T>());
    }

    fn takes(body: &Value) -> Result<(), String> {
        serde_json::from_str::<T>(&body.to_string()).map(drop).map_err(|error| error.to_string())
    }
}

macro_rules! tuples {
    ($($first:ident $(, $name:ident)*;)*) => {
        $(impl<$first: Input $(, $name: Input)*> Input for ($first, $($name,)*) {

            fn read(request: &Request) -> Result<Self, Fault> {
                Ok(($first::read(request)?, $($name::read(request)?,)*))
            }

            fn describe(described: &mut Described) {
                $first::describe(described);
                $($name::describe(described);)*
            }

            fn takes(body: &Value) -> Result<(), String> {
                $first::takes(body)?;
                $($name::takes(body)?;)*
                Ok(())
            }
        })*
    };
}

tuples! {
    A, B;
    A, B, C;
}
