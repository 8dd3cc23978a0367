// Ending processes by descent. The caller is a child subreaper: whatever a descendant does, it ends up as the caller's
// child once its own ancestors are dead, and stays that until it is reaped here.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>

namespace codehelper {

/// SIGKILL for every child of this process but the `spared` ones. Only children: their ids can't be taken by an
/// unrelated process before we reap them. Their own children become ours by that, so repeat until there is none.
/// Returns how many were found, dead but unreaped ones included.
std::size_t kill_children(std::span<const pid_t> spared);

/// For the owner of spawners, which has other children and threads: kills and reaps the children that were left to it
/// by commands. They are those of another session than ours: a command starts in a session of its own, and nothing that
/// descends from it can come back into ours, while whatever this process starts itself stays in it. Repeat until it
/// returns 0, the number found.
std::size_t end_adopted_children();

}  // namespace codehelper
