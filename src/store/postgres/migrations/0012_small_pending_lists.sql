-- What waits to be sorted into the index is sorted in by whoever's insert fills the list: with the usual 4 MB somebody's message
-- waits 50 ms for it, with this much 3 ms.
alter index found_by_grams set (gin_pending_list_limit = 256);
