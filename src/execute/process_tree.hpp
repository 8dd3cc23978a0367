// Ending processes by descent. The caller is a child subreaper: whatever a descendant does, it ends up as the caller's
// child once its own ancestors are dead, and stays that until it is reaped here.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>

namespace codehelper {

/// SIGKILL for every child of this single-threaded process but the `spared` ones. Only children: their ids can't be
/// taken by an unrelated process before we reap them. Their own children become ours by that, so repeat until there is
/// none. Returns how many were found, dead but unreaped ones included.
std::size_t kill_children(std::span<const pid_t> spared);

}  // namespace codehelper
