//! The history of one hour as a file.

use std::io::Write;

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use futures_util::stream;
use utoipa::openapi::{ObjectBuilder, RefOr, Type, schema::Schema};

use super::{
    answer::File,
    call::Call,
    input::{At, Segment},
    operation::{Operation, Tag},
};
use crate::{
    http::error,
    im::backend::export::Export,
    model::{Code, Fault, Scope, calendar::Hour},
};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/v1/exports/{hour}", file)
            .named("exportHour")
            .of(Tag::Conversations)
            .needs(Scope::Export)
            .says("Everything that was kept in one hour, as a file")
            .explains(
                "A gzip file of JSON lines `{uid, at, app, kind, conversation, to?, from, type, content}`, in the order in \
                 which the messages were kept. Of an hour that is over and into which nothing comes any more, so that it is the same \
                 whenever it is asked for; on PostgreSQL that is a quarter of an hour later (`not_yet`). It is \
                 made while it is sent: there is nothing to wait for and nothing to delete. A transfer that breaks off is begun again. Two at once per server.",
            )
            .fails(&[Code::NotYet, Code::RateLimited]),
    ]
}

impl Segment for Hour {
    const MEANING: &'static str = "Year, month, day and hour of UTC, such as 2026112304.";

    fn schema() -> RefOr<Schema> {
        Schema::from(ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9]{10}$"))).into()
    }
}

async fn file(call: Call, At(hour): At<Hour>) -> Result<File, Fault> {
    let export = call.backend().begin_export(hour).await?;
    let name = format!("{}-{hour}.jsonl.gz", call.app());
    let parts = stream::try_unfold((call, export), |(call, mut export): (Call, Export)| async move {
        let lines = call.backend().export_lines(&mut export).await?;
        lines.map(|lines| Ok((packed(&lines)?, (call, export)))).transpose()
    });
    Ok(File::new(name, parts))
}

/// A member of a gzip file: members one after the other are one file.
fn packed(lines: &[u8]) -> Result<Bytes, Fault> {
    let mut packer = GzEncoder::new(Vec::with_capacity(lines.len() / 4), Compression::fast());
    let packed = packer.write_all(lines).and_then(|()| packer.finish());
    packed.map(Bytes::from).map_err(|_| error::internal())
}
