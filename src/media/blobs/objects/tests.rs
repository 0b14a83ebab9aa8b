//! On memory, and on a real S3 server in a process of its own.

use object_store::memory::InMemory;

use super::*;
use crate::{
    config::Files,
    media::blobs::{
        conformance,
        objects::server::{Authority, BUCKET, KEY_ID, S3Server, SECRET},
    },
    outbound,
};

fn over(store: Arc<dyn ObjectStore>, prefix: &str, folder: &tempfile::TempDir) -> ObjectBlobs {
    ObjectBlobs::open(store, prefix, &folder.path().join("drafts"), 0).unwrap()
}

fn at(server: &S3Server, bucket: &str, secret: &str, folder: &tempfile::TempDir) -> ObjectBlobs {
    let files = Files { endpoint: server.endpoint(), key_id: KEY_ID.into(), allow_http: true, ..Files::default() };
    over(outbound::bucket(&files, bucket, secret, None).unwrap(), "chat/files", folder)
}

async fn keep(blobs: &ObjectBlobs, id: u128, text: &'static [u8]) -> io::Result<FileId> {
    let mut draft = blobs.begin(text.len() as u64).await?;
    draft.write(Bytes::from_static(text)).await?;
    let file = FileId::from_u128(id);
    draft.keep(file).await.map(|()| file)
}

fn drafts(folder: &tempfile::TempDir) -> usize {
    std::fs::read_dir(folder.path().join("drafts")).unwrap().count()
}

#[tokio::test]
async fn memory_does_what_every_place_does() {
    for prefix in ["", "chat/files"] {
        let folder = tempfile::tempdir().unwrap();
        let blobs = over(Arc::new(InMemory::new()), prefix, &folder);
        blobs.probe().await.unwrap();
        conformance::run(&blobs).await;
        assert_eq!(drafts(&folder), 0);
    }
}

#[tokio::test]
async fn d4_uploads_are_refused_first_when_the_disk_for_drafts_fills() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = ObjectBlobs::open(Arc::new(InMemory::new()), "", folder.path(), u64::MAX / 4).unwrap();
    assert_eq!(blobs.begin(1).await.err().unwrap().kind(), io::ErrorKind::StorageFull);
}

#[tokio::test]
async fn a_bucket_does_what_every_place_does() {
    let Some(server) = S3Server::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let blobs = at(&server, BUCKET, SECRET, &folder);
    blobs.probe().await.unwrap();
    assert!(server.objects().is_empty(), "the probe is removed");
    conformance::run(&blobs).await;
    assert_eq!(drafts(&folder), 0);
}

#[tokio::test]
async fn of_a_bucket_only_what_is_old_is_given_out() {
    let Some(server) = S3Server::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let blobs = at(&server, BUCKET, SECRET, &folder);
    let old = keep(&blobs, 0x0305, b"old").await.unwrap();
    keep(&blobs, 0x0405, b"new").await.unwrap();
    let objects = server.objects();
    let of_old = objects.iter().find(|path| path.to_string_lossy().contains(&old.to_string())).unwrap();
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_hours(48);
    std::fs::File::open(of_old).unwrap().set_modified(long_ago).unwrap();
    assert_eq!(conformance::names(&blobs, 5).await, [old]);
    assert_eq!(conformance::names(&blobs, 6).await, []);
}

#[tokio::test]
async fn a_bucket_that_refuses_us_says_why() {
    let Some(server) = S3Server::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let refused = async |bucket: &str, secret: &str| match at(&server, bucket, secret, &folder).probe().await {
        Err(NoBucket::Refused(why)) => why,
        other => panic!("{other:?}"),
    };
    let wrong = refused(BUCKET, "hunter2").await;
    assert!(wrong.contains("files.secret") && wrong.contains("SignatureDoesNotMatch"), "{wrong}");
    assert!(!wrong.contains("hunter2"), "{wrong}");
    let missing = refused("no-such-bucket", SECRET).await;
    assert!(missing.contains("there is no such bucket"), "{missing}");
}

#[tokio::test]
async fn a_bucket_that_is_away_is_an_error_that_passes() {
    let Some(mut server) = S3Server::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let blobs = at(&server, BUCKET, SECRET, &folder);
    let file = keep(&blobs, 7, b"here").await.unwrap();
    server.stop();
    assert!(matches!(blobs.probe().await, Err(NoBucket::Away(_))));
    assert!(blobs.read(file, 4, 0..4).await.is_err(), "it is not taken for missing");
    assert!(keep(&blobs, 8, b"lost").await.is_err());
    assert!(blobs.remove(file).await.is_err());
    assert_eq!(drafts(&folder), 0);
    server.start_again();
    assert!(blobs.read(file, 4, 0..4).await.unwrap().is_some());
    assert!(blobs.read(FileId::from_u128(8), 4, 0..4).await.unwrap().is_none());
    keep(&blobs, 8, b"kept").await.unwrap();
}

#[tokio::test]
async fn a_certificate_is_of_an_authority_that_was_named_or_refused() {
    let Some(server) = S3Server::start_secured() else { return };
    let folder = tempfile::tempdir().unwrap();
    let trusting = |ca_file: Option<std::path::PathBuf>| {
        let trusted = ca_file.map(|file| outbound::authorities(&std::fs::read(file).unwrap()).unwrap());
        let files = Files { endpoint: server.endpoint(), key_id: KEY_ID.into(), ..Files::default() };
        over(outbound::bucket(&files, BUCKET, SECRET, trusted).unwrap(), "", &folder)
    };
    let blobs = trusting(Some(server.ca_file()));
    blobs.probe().await.unwrap();
    let file = keep(&blobs, 7, b"in secret").await.unwrap();
    assert!(blobs.read(file, 9, 0..9).await.unwrap().is_some());
    let stranger = Authority::new();
    for other in [None, Some(stranger.file("authority.pem"))] {
        let refused = trusting(other).probe().await;
        assert!(matches!(&refused, Err(NoBucket::Refused(why)) if why.contains("files.ca_file")), "{refused:?}");
    }
}

#[test]
fn a_file_of_authorities_has_whole_certificates() {
    assert!(matches!(outbound::authorities(b"hello"), Err(outbound::NoAuthorities::None)));
    let damaged = b"-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
    assert!(matches!(outbound::authorities(damaged), Err(outbound::NoAuthorities::Damaged)));
}
