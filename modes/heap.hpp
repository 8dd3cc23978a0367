// How processes that live long use the heap.
#pragma once

namespace codehelper {

/// Keeps the memory of a process that is asked for weeks as large as what it holds. To be called before the first
/// thread starts. Not for `ingest`, which is over soon and whose threads allocate all the time.
void keep_heap_compact();

}  // namespace codehelper
