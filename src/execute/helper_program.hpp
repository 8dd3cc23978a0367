// A program with nothing but the hidden modes in it (helper_main.cpp), embedded in this one. It starts in a fraction of
// the time that this one's many libraries take, and what is forked from it is small.
#pragma once

namespace codehelper {

/// An anonymous file with the program, closed on exec, to be executed as /proc/self/fd/N and closed by the caller. -1
/// where the system gives none.
int open_helper_program();

}  // namespace codehelper
