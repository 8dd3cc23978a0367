# What is installed, and Debian's package of it:
#   cmake --install build/release                          the program, its manual, completions, documents and list of parts
#   cmake --build --preset release --target package        build/release/codehelper_<version>_<architecture>.deb
#   deploy/reproduce.sh                                    both are made twice and must be equal
include(GNUInstallDirs)
set(documents ${PROJECT_BINARY_DIR}/documents)
set(document_folder ${CMAKE_INSTALL_DATADIR}/doc/codehelper)

set(make_documents ${CMAKE_COMMAND}
  -D PROGRAM=${PROJECT_BINARY_DIR}/codehelper -D SOURCE=${PROJECT_SOURCE_DIR} -D BUILD=${PROJECT_BINARY_DIR}
  -D OUTPUT=${documents} -P ${PROJECT_SOURCE_DIR}/deploy/cmake/documents.cmake)
add_custom_target(documents COMMAND ${make_documents} DEPENDS codehelper COMMENT "Making ${documents}" VERBATIM)
add_custom_target(sbom DEPENDS documents)
list(JOIN make_documents "\" \"" words)
install(CODE "execute_process(COMMAND \"${words}\" COMMAND_ERROR_IS_FATAL ANY)" COMPONENT program)
install(FILES ${documents}/codehelper.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT program)
install(FILES ${documents}/completion.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
  RENAME codehelper COMPONENT program)
install(FILES ${documents}/completion.zsh DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions
  RENAME _codehelper COMPONENT program)
install(FILES ${documents}/completion.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d
  RENAME codehelper.fish COMPONENT program)
install(
  FILES CHANGELOG.md README.md deploy/CONFIG.md deploy/FAILURE-MODES.md deploy/RUNBOOK.md deploy/STATE.md
    ${documents}/sbom.cdx.json ${documents}/third-party-licenses.txt.gz
  DESTINATION ${document_folder} COMPONENT program)

# Of the package alone: services under their own users, with the program where the package has it.
set(debian ${PROJECT_SOURCE_DIR}/deploy/debian)
foreach(unit IN ITEMS codehelper-api.service codehelper-runner.service)
  set(unit_file ${PROJECT_SOURCE_DIR}/deploy/systemd/${unit})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${unit_file})
  file(READ ${unit_file} text)
  string(REPLACE /usr/local/bin/ /usr/bin/ text "${text}")
  file(CONFIGURE OUTPUT package/${unit} CONTENT "${text}" @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/package/${unit} DESTINATION /usr/lib/systemd/system COMPONENT package EXCLUDE_FROM_ALL)
endforeach()
install(FILES deploy/systemd/codehelper.sysusers DESTINATION /usr/lib/sysusers.d RENAME codehelper.conf
  COMPONENT package EXCLUDE_FROM_ALL)
install(FILES ${debian}/codehelper.tmpfiles DESTINATION /usr/lib/tmpfiles.d RENAME codehelper.conf
  COMPONENT package EXCLUDE_FROM_ALL)
install(FILES ${debian}/api.env ${debian}/runner.env DESTINATION /etc/codehelper PERMISSIONS OWNER_READ OWNER_WRITE
  COMPONENT package EXCLUDE_FROM_ALL)
install(FILES ${debian}/copyright ${documents}/changelog.gz DESTINATION /usr/share/doc/codehelper
  COMPONENT package EXCLUDE_FROM_ALL)
install(FILES ${debian}/lintian-overrides DESTINATION /usr/share/lintian/overrides RENAME codehelper
  COMPONENT package EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_CODEHELPER_VERSION_FILE ${PROJECT_BINARY_DIR}/src/base/version.cmake)
set(CPACK_PROJECT_CONFIG_FILE ${PROJECT_SOURCE_DIR}/deploy/cmake/package_version.cmake)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/deploy/cmake/package_traces.cmake)
set(CPACK_POST_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/deploy/cmake/package_headers.cmake)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL program package)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_PACKAGE_NAME codehelper)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "the codehelper authors <codehelper@users.noreply.github.com>")
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS
  "ca-certificates, systemd | systemd-standalone-sysusers, systemd | systemd-standalone-tmpfiles")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "python3-pytest, nodejs, npm, cargo, golang-go, cmake, make, maven, gradle")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${debian}/conffiles ${debian}/postinst ${debian}/prerm ${debian}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "self-hosted code helper: indexes a repository and answers about it")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"It answers questions about a repository with places whose lines are checked
against the files, and runs its tests. It needs no second database, no model
and no network.
.
Two services are started: the API with its web page on 127.0.0.1:8000, and the
Runner, which runs tests confined, on 127.0.0.1:8080. The repositories belong
into /srv/codehelper.")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
include(CPack)
