//! What operations answer, and how the document describes it.

use std::{cell::RefCell, fmt, rc::Rc};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream::LocalBoxStream};
use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::{ArrayBuilder, ObjectBuilder, Type, schema::Schema},
};

use super::openapi::Described;
use crate::{http::error, model::Fault};

/// An answer on its way out.
#[derive(Debug, Clone)]
pub(in crate::http) struct Rendered {
    pub(super) status: u16,
    /// JSON; empty when there is nothing to say.
    pub(super) body: Bytes,
    /// Where the thing that was made is found.
    pub(super) location: Option<String>,
    /// A file instead of JSON.
    pub(super) file: Option<Rc<File>>,
}

/// Something to answer.
pub(in crate::http) trait Answer: 'static {
    /// Turns it into bytes.
    fn render(self) -> Result<Rendered, Fault>;
    /// Describes it.
    fn describe(described: &mut Described);
}

fn json(status: u16, body: &impl Serialize) -> Result<Rendered, Fault> {
    let body = serde_json::to_vec(body).map_err(|_| error::internal())?;
    Ok(Rendered { status, body: body.into(), location: None, file: None })
}

/// 200 and a file, sent while it is made. When a part fails the transfer breaks off.
pub(in crate::http) struct File {
    pub(super) name: String,
    pub(super) parts: RefCell<Option<LocalBoxStream<'static, Result<Bytes, Fault>>>>,
}

impl File {
    /// The media type of all files.
    pub(super) const MEDIA: &'static str = "application/gzip";

    /// A gzip file of this name, in parts.
    pub(in crate::http) fn new(name: String, parts: impl Stream<Item = Result<Bytes, Fault>> + 'static) -> Self {
        Self { name, parts: RefCell::new(Some(parts.boxed_local())) }
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Answer for File {
    fn render(self) -> Result<Rendered, Fault> {
        Ok(Rendered { status: 200, body: Bytes::new(), location: None, file: Some(Rc::new(self)) })
    }

    fn describe(described: &mut Described) {
        described.answer = (200, None);
        described.is_file = true;
    }
}

/// 200 and this.
pub(in crate::http) struct Json<T>(pub(in crate::http) T);

impl<T: Serialize + ToSchema + 'static> Answer for Json<T> {
    fn render(self) -> Result<Rendered, Fault> {
        json(200, &self.0)
    }

    fn describe(described: &mut Described) {
        described.answer = (200, Some(described.schema_of::<T>()));
    }
}

/// 201, where it is found, and this.
pub(in crate::http) struct Created<T> {
    location: String,
    body: T,
}

impl<T> Created<T> {
    /// What was made, and its address.
    pub(in crate::http) fn at(location: String, body: T) -> Self {
        Self { location, body }
    }
}

impl<T: Serialize + ToSchema + 'static> Answer for Created<T> {
    fn render(self) -> Result<Rendered, Fault> {
        Ok(Rendered { location: Some(self.location), ..json(201, &self.body)? })
    }

    fn describe(described: &mut Described) {
        described.answer = (201, Some(described.schema_of::<T>()));
    }
}

/// 204: it is done.
pub(in crate::http) struct Done;

impl Answer for Done {
    fn render(self) -> Result<Rendered, Fault> {
        Ok(Rendered { status: 204, body: Bytes::new(), location: None, file: None })
    }

    fn describe(described: &mut Described) {
        described.answer = (204, None);
    }
}

/// 200 and a page of a list: `{items, next?}`. `next` is the cursor of the following page, absent on the last.
pub(in crate::http) struct Listing<T> {
    /// What is on this page.
    pub(in crate::http) items: Vec<T>,
    /// Where the next one begins.
    pub(in crate::http) next: Option<String>,
}

impl<T> Listing<T> {
    /// A list that is always whole.
    pub(in crate::http) fn whole(items: impl IntoIterator<Item = impl Into<T>>) -> Self {
        Self { items: items.into_iter().map(Into::into).collect(), next: None }
    }
}

impl<T: Serialize + ToSchema + 'static> Answer for Listing<T> {
    fn render(self) -> Result<Rendered, Fault> {
        #[derive(Serialize)]
        struct Page<T> {
            items: Vec<T>,
            #[serde(skip_serializing_if = "Option::is_none")]
            next: Option<String>,
        }
        json(200, &Page { items: self.items, next: self.next })
    }

    fn describe(described: &mut Described) {
        let next = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("The `cursor` of the next page; absent on the last one."));
        let page = ObjectBuilder::new()
            .property("items", ArrayBuilder::new().items(described.schema_of::<T>()))
            .property("next", next)
            .required("items");
        described.answer = (200, Some(Schema::from(page).into()));
    }
}
