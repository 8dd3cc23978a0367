# Writes what is installed beside the program, made of the program itself and of the build's records:
#   cmake -D PROGRAM=… -D SOURCE=… -D BUILD=… -D OUTPUT=… -P documents.cmake
include(${BUILD}/src/base/version.cmake)
file(MAKE_DIRECTORY ${OUTPUT})

# document(<file> <command>…): what a command prints, gzipped without a name and time if the file's name says so.
function(document file)
  string(REGEX REPLACE "\\.gz$" "" plain ${file})
  execute_process(COMMAND ${ARGN} OUTPUT_FILE ${OUTPUT}/${plain} COMMAND_ERROR_IS_FATAL ANY)
  if(NOT plain STREQUAL file)
    execute_process(COMMAND gzip -9nf ${OUTPUT}/${plain} COMMAND_ERROR_IS_FATAL ANY)
  endif()
endfunction()

document(codehelper.1.gz ${PROGRAM} man)
foreach(shell IN ITEMS bash zsh fish)
  document(completion.${shell} ${PROGRAM} completion ${shell})
endforeach()

set(ENV{SOURCE_DATE_EPOCH} ${CODEHELPER_DATE})
document(sbom.cdx.json node ${SOURCE}/deploy/sbom.mjs ${PROGRAM} ${BUILD} ${CODEHELPER_VERSION})
document(third-party-licenses.txt.gz node ${SOURCE}/deploy/sbom.mjs --licenses ${OUTPUT}/sbom.cdx.json)

# Debian's own form; what changed for users is in CHANGELOG.md.
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE ${OUTPUT}/changelog
  "codehelper (${CODEHELPER_VERSION}) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n"
  " -- the codehelper authors <codehelper@users.noreply.github.com>  ${date}\n")
execute_process(COMMAND gzip -9nf ${OUTPUT}/changelog COMMAND_ERROR_IS_FATAL ANY)
