//! Taking a file in: rights and room first, then its bytes, then what it is, then the disk, then its row.

use std::{io, sync::Arc};

use bytes::Bytes;
use data_encoding::BASE64;
use serde::{Serialize, Serializer, ser::SerializeStruct};
use sha2::{Digest, Sha256};

use super::{Im, Promise};
use crate::im::{deliver::closed, rights::may_write, upstream::no_files_up};
use crate::{
    media::{
        Draft,
        picture::{Picture, PictureError},
        sniff::{self, Format, Seen},
    },
    model::{
        Caller, Code, ConversationId, Fault, File, FileId, FileName, MediaType, Millis, Role, Stage, content::names,
        file::FileKind,
    },
    store::files::Quota,
};

/// Where a file is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// An existing conversation.
    Conversation(ConversationId),
    /// The visitor's open service conversation, or the one that their next message begins.
    Desk,
    /// Wherever the message goes that names it first: back ends, which write to anybody, and users with a ticket.
    Unknown,
}

/// A file that comes in.
pub struct Upload {
    draft: Box<dyn Draft>,
    conversation: Option<ConversationId>,
    name: FileName,
    declared: String,
    /// Most bytes.
    most: u64,
    size: u64,
    head: Vec<u8>,
    sha256: Sha256,
    _promise: Promise,
}

impl Upload {
    fn new(
        draft: Box<dyn Draft>,
        conversation: Option<ConversationId>,
        (name, declared): (&str, &str),
        most: u64,
        promise: Promise,
    ) -> Self {
        let (name, declared) = (FileName::clean(name), declared.to_owned());
        let (head, sha256) = (Vec::new(), Sha256::new());
        Self { draft, conversation, name, declared, most, size: 0, head, sha256, _promise: promise }
    }

    /// Takes the next bytes.
    pub async fn add(&mut self, bytes: Bytes) -> Result<(), Fault> {
        self.size += bytes.len() as u64;
        if self.size > self.most {
            return Err(too_large(self.most));
        }
        let room = sniff::HEAD.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(bytes.get(..room).unwrap_or_default());
        self.sha256.update(&bytes);
        self.draft.write(bytes).await.map_err(disk)
    }
}

/// A file that was taken in, with what a message about it needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Uploaded {
    /// The file.
    pub file: File,
    /// A small JPEG of a picture in base64, without a prefix.
    pub thumbnail: Option<String>,
}

/// `{file, reference, kind, name, type, size, width?, height?, thumbnail?}`
impl Serialize for Uploaded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { file, thumbnail } = self;
        let mut fields = serializer.serialize_struct("Uploaded", 9)?;
        fields.serialize_field("file", &file.id)?;
        fields.serialize_field("reference", &file.id.reference())?;
        fields.serialize_field("kind", &file.media_type.kind())?;
        fields.serialize_field("name", &file.name)?;
        fields.serialize_field("type", file.media_type.name())?;
        fields.serialize_field("size", &file.size)?;
        if let Some((width, height)) = file.pixels {
            fields.serialize_field("width", &width)?;
            fields.serialize_field("height", &height)?;
        }
        if let Some(thumbnail) = thumbnail {
            fields.serialize_field("thumbnail", thumbnail)?;
        }
        fields.end()
    }
}

impl Im {
    /// Begins to take a file in. `declared`: the media type that came with it. `size`: its bytes, when they are known.
    pub async fn begin_upload(
        &self,
        caller: &Caller,
        place: Place,
        name: &str,
        declared: &str,
        size: Option<u64>,
    ) -> Result<Upload, Fault> {
        let blobs = self.files.blobs()?;
        let conversation = self.upload_place(caller, place).await?;
        let most = self.most_bytes(declared);
        if size.is_some_and(|size| size > most) {
            return Err(too_large(most));
        }
        let promised = size.unwrap_or(most);
        let (promise, count, bytes) = self.files.running.begin(Some(caller), promised)?;
        let quota = self.quota(caller);
        let mut used = self.store.files_used(&caller.app, caller.id(), quota.since).await?;
        // What the caller has on its way counts as if it were here.
        used.files += count - 1;
        used.bytes += bytes - promised;
        if !quota.has_room(used, promised) {
            return Err(no_quota());
        }
        let draft = blobs.begin(promised).await.map_err(disk)?;
        Ok(Upload::new(draft, conversation, (name, declared), most, promise))
    }

    /// Begins to take in a file of which nobody has said yet whose it is: forms may name that after it. Rights and
    /// quota are asked by [`finish_upload`](Self::finish_upload).
    pub async fn begin_unclaimed_upload(&self, name: &str, declared: &str) -> Result<Upload, Fault> {
        let most = self.most_bytes(declared);
        let (promise, ..) = self.files.running.begin(None, most)?;
        let draft = self.files.blobs()?.begin(most).await.map_err(disk)?;
        Ok(Upload::new(draft, None, (name, declared), most, promise))
    }

    /// Most bytes of a file with this media type.
    fn most_bytes(&self, declared: &str) -> u64 {
        let limits = &self.files.limits;
        if declared.starts_with("image/") { limits.image_bytes } else { limits.file_bytes }
    }

    /// Keeps a file whose bytes have all come: it is durable when this returns, and a message may name it (F5).
    pub async fn finish_upload(&self, caller: &Caller, mut upload: Upload) -> Result<Uploaded, Fault> {
        if upload.size == 0 {
            return Err(Fault::new(Code::BadRequest, "the file is empty"));
        }
        let mut file = File {
            id: self.with_random(|random| FileId::random(random)),
            conversation: upload.conversation,
            uploader: caller.id().clone(),
            name: upload.name.clone(),
            media_type: MediaType::Other,
            size: upload.size,
            sha256: upload.sha256.clone().finalize().into(),
            pixels: None,
            created_at: self.clock.now(),
        };
        let mut thumbnail = None;
        match sniff::sniff(&upload.head, &upload.name, &upload.declared) {
            Seen::Picture(format) => {
                let picture = self.develop(&mut upload, format).await?;
                thumbnail = Some(BASE64.encode(&picture.thumbnail));
                upload.draft = self.write_anew(&mut file, picture).await?;
            }
            // Too long to be listened to in place.
            Seen::Plain(media_type)
                if media_type.kind() == FileKind::Voice && file.size > self.files.limits.voice_bytes => {}
            Seen::Plain(media_type) => file.media_type = media_type,
        }
        upload.draft.keep(file.id).await.map_err(disk)?;
        if !self.store.create_file(&caller.app, file.clone(), self.quota(caller)).await? {
            self.forget_bytes(file.id).await;
            return Err(no_quota());
        }
        Ok(Uploaded { file, thumbnail })
    }

    async fn develop(&self, upload: &mut Upload, format: Format) -> Result<Picture, Fault> {
        if upload.size > self.files.limits.image_bytes {
            return Err(too_large(self.files.limits.image_bytes));
        }
        let bytes = upload.draft.bytes().await.map_err(disk)?;
        self.files.studio.develop(bytes, format).await.map_err(|error| unusable(&error))
    }

    /// Puts the picture that was written anew in the place of the one that came.
    async fn write_anew(&self, file: &mut File, picture: Picture) -> Result<Box<dyn Draft>, Fault> {
        let ending = match picture.media_type {
            MediaType::Png => "png",
            MediaType::Gif => "gif",
            _ => "jpg",
        };
        if !(file.name.ending() == ending || (ending == "jpg" && file.name.ending().starts_with('j'))) {
            file.name = file.name.ending_in(ending);
        }
        file.media_type = picture.media_type;
        file.size = picture.bytes.len() as u64;
        file.sha256 = Sha256::digest(&picture.bytes).into();
        file.pixels = Some((picture.width, picture.height));
        let mut draft = self.files.blobs()?.begin(file.size).await.map_err(disk)?;
        draft.write(picture.bytes.into()).await.map_err(disk)?;
        Ok(draft)
    }

    /// Whoever may write somewhere may send files there.
    async fn upload_place(&self, caller: &Caller, place: Place) -> Result<Option<ConversationId>, Fault> {
        if self.led_for(caller).await?.is_some() {
            return Err(no_files_up());
        }
        match place {
            Place::Conversation(id) => {
                let route = self.route(caller, id).await?;
                let file = names::FILE.parse().expect("our own object names are valid");
                may_write(caller, &route, &file, self.clock.now())?;
                self.may_say(caller, route.kind, names::FILE).await?;
                self.not_blocked(&caller.app, &caller.person, route.kind, &route.participants).await?;
                let open = route.stage.as_ref().is_none_or(Stage::is_open);
                if open { Ok(Some(id)) } else { Err(closed()) }
            }
            Place::Desk if caller.person.role == Role::Visitor => {
                let Some(site) = &caller.site else { return Ok(None) };
                let open = self.store.open_service(&caller.app, caller.id(), site).await?;
                Ok(open.map(|conversation| conversation.id))
            }
            Place::Unknown => Ok(None),
            Place::Desk => Err(Fault::new(Code::Forbidden, "only visitors write to the desk: name a conversation")),
        }
    }

    pub(super) fn quota(&self, caller: &Caller) -> Quota {
        let limits = &self.files.limits;
        let visitor = caller.person.role == Role::Visitor;
        Quota {
            since: self.a_day_ago(),
            files: visitor.then_some(limits.visitor_files),
            bytes: visitor.then_some(limits.visitor_bytes),
            app_bytes: limits.app_bytes,
        }
    }

    pub(super) fn a_day_ago(&self) -> Millis {
        self.clock.now().plus_secs(-24 * 3600)
    }

    /// Removes bytes that have no row. The sweep does it when this fails.
    pub(super) async fn forget_bytes(&self, file: FileId) {
        if let Ok(blobs) = self.files.blobs()
            && let Err(error) = Arc::clone(blobs).remove(file).await
        {
            tracing::warn!(%error, "Bytes without a row were not removed; the sweep does it");
        }
    }
}

fn too_large(most: u64) -> Fault {
    Fault::new(Code::TooLarge, format!("the file is larger than {most} bytes"))
}

pub(super) fn no_quota() -> Fault {
    Fault::new(Code::RateLimited, "no more files today; send the rest tomorrow").retry_after(3600)
}

fn unusable(error: &PictureError) -> Fault {
    let code = match error {
        PictureError::Busy => return Fault::new(Code::RateLimited, error.to_string()).retry_after(2),
        PictureError::Damaged => Code::UnsupportedMediaType,
        PictureError::TooManyPixels { .. } | PictureError::TooManyFrames | PictureError::TooMuchWork => Code::TooLarge,
    };
    Fault::new(code, error.to_string())
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
pub(super) fn disk(error: io::Error) -> Fault {
    if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
        let message = "the server has no room left for files; messages still work, try again later";
        return Fault::new(Code::StorageFull, message).retry_after(60);
    }
    tracing::error!(%error, "A file cannot be kept");
    Fault::new(Code::Unavailable, "the server cannot keep files now; try again").retry_after(5)
}
