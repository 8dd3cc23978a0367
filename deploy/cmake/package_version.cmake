# Read by cpack: the package has the program's version, and the time of the last change in place of the build's.
include(${CPACK_CODEHELPER_VERSION_FILE})
set(CPACK_PACKAGE_VERSION ${CODEHELPER_VERSION})
set(CPACK_DEBIAN_PACKAGE_VERSION ${CODEHELPER_VERSION})
set(ENV{SOURCE_DATE_EPOCH} ${CODEHELPER_DATE})
