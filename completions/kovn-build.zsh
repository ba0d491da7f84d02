#compdef kovn-build
# Completion of kovn-build for zsh: `kovn-build completion zsh` prints this file. The program typed
# is asked what may follow; its answer is never run as code.
_kovn_build() {
  local -a whole open
  local line paths= value tab=$'\t'
  for line in "${(@f)$("${words[1]/#\~\//$HOME/}" completion zsh -- "${(@)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)}"; do
    value=${line%%"$tab"*}
    case $line in
      '') ;;
      :*) paths=$line ;;
      *=|*="$tab"*) open+=("${value//:/\\:}:${line#*"$tab"}") ;;
      *) whole+=("${value//:/\\:}:${line#*"$tab"}") ;;
    esac
  done
  local found=1
  (( $#whole )) && _describe -V 'kovn-build' whole && found=0
  (( $#open )) && _describe -V 'kovn-build' open -S '' && found=0
  if [[ -n $paths ]]; then
    compset -P "${(b)${paths#* }}"
    if [[ $paths == :folders* ]]; then _files -/ && found=0; else _files && found=0; fi
  fi
  return found
}
# A file of $fpath is this function; a sourced one defines it.
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _kovn_build "$@"; else compdef _kovn_build kovn-build; fi
