// What every use of libgit2 needs.
#pragma once

#include <git2.h>

namespace codehelper {

/// Before the first other call.
inline void use_libgit2() {
  static const int users = git_libgit2_init();
  static_cast<void>(users);
}

template <auto function>
struct FreeWith {
  template <class T>
  void operator()(T* pointer) const {
    function(pointer);
  }
};

}  // namespace codehelper
