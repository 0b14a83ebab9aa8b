//! What servers share besides the data.

use crate::store::Store;

pub(crate) async fn of_several_labels_the_first_stays(store: &dyn Store) {
    assert_eq!(store.label("key").await.unwrap(), None);
    assert_eq!(store.put_label("key", vec![1, 2]).await.unwrap(), [1, 2]);
    assert_eq!(store.put_label("key", vec![3]).await.unwrap(), [1, 2], "the first stays");
    assert_eq!(store.put_label("other", vec![3]).await.unwrap(), [3]);
    assert_eq!(store.label("key").await.unwrap().unwrap(), [1, 2]);
}
