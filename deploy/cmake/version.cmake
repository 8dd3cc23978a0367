# Writes the version into OUTPUT/version.cpp for the program, and with the time of the last change (in seconds since 1970)
# into OUTPUT/version.cmake for packages; each only when it changes.
#   cmake -D SOURCE=… -D OUTPUT=… -D RELEASE=0.1.0 [-D GIVEN=…] -P version.cmake
# Git's tags say it, in a form that Debian and semantic versioning sort alike: 0.2.0 at the tag v0.2.0, 0.2.0+5.g1a2b3c4 five
# commits behind it, 0.1.0~298.g1a2b3c4 before the first tag, RELEASE where there is no git; ".dirty" is for what isn't
# committed. GIVEN, when it isn't empty, overrides all.
set(version ${RELEASE})
file(TIMESTAMP ${SOURCE}/CHANGELOG.md date "%s" UTC)
execute_process(
  COMMAND git rev-parse --show-prefix
  WORKING_DIRECTORY ${SOURCE} RESULT_VARIABLE no_repository OUTPUT_VARIABLE prefix ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
if(no_repository EQUAL 0 AND prefix STREQUAL "")
  execute_process(
    COMMAND git log -1 --format=%ct
    WORKING_DIRECTORY ${SOURCE} OUTPUT_VARIABLE date OUTPUT_STRIP_TRAILING_WHITESPACE)
  execute_process(
    COMMAND git describe --tags --long --dirty=.dirty --always --abbrev=7 --match "v[0-9]*"
    WORKING_DIRECTORY ${SOURCE} OUTPUT_VARIABLE described OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(described MATCHES "^v(.*)-0-g[0-9a-f]+$")
    set(version ${CMAKE_MATCH_1})
  elseif(described MATCHES "^v(.*)-([0-9]+)-(g.*)$")
    set(version ${CMAKE_MATCH_1}+${CMAKE_MATCH_2}.${CMAKE_MATCH_3})
  elseif(described)
    execute_process(
      COMMAND git rev-list --count HEAD
      WORKING_DIRECTORY ${SOURCE} OUTPUT_VARIABLE count OUTPUT_STRIP_TRAILING_WHITESPACE)
    set(version ${RELEASE}~${count}.g${described})
  endif()
endif()
if(GIVEN)
  set(version ${GIVEN})
endif()

file(CONFIGURE OUTPUT ${OUTPUT}/version.cpp @ONLY CONTENT [[
#include "codehelper/base/version.hpp"

namespace codehelper {

std::string_view version() {
  return "@version@";
}

}  // namespace codehelper
]])
file(CONFIGURE OUTPUT ${OUTPUT}/version.cmake @ONLY CONTENT [[
set(CODEHELPER_VERSION "@version@")
set(CODEHELPER_DATE @date@)
]])
