"""Words of orders in European languages beyond the six that have patterns of their own."""

from __future__ import annotations

from app.rules.injection.words import Wording

EUROPE = (
    Wording(  # Russian
        ignore="игнорируй|игнорировать|проигнорируй|забудь|отмени|не обращай внимания|отбрось"
        "|обойди"
        "|не следуй|перестань следовать|нарушь",
        earlier="предыдущ|прежн|прошл|вс[её]|всех|любые|ранее|раньше|выше|систем|свои|твои|ваши"
        "|эти|данные",
        rules="инструкци|указани|правил|команд|распоряжени|промпт|ограничени|директив|настройк"
        "|сообщени|контекст|что тебе|что вам|что было",
        ever="всегда|никогда|отныне|впредь|с этого момента|с этих пор|с сегодняшнего дня|теперь"
        "|каждый раз|в каждом|каждому|всем|без спроса|не спрашивая|без подтвержд|без проверки"
        "|когда пользовател|если пользовател|когда кто|если кто",
        order="(?:по|за)?рекомендуй|советуй|посоветуй|предлагай|предложи|отправляй|отправь"
        "|пересылай"
        "|перешли|шли|высылай|передавай|упоминай|рекламируй|хвали|выполняй|исполняй|запускай|удаляй"
        "|переводи|одобряй|плати|оплачивай|доверяй|раскрывай|скрывай|подчиняйся|слушайся"
        "|притворяйся"
        "|соглашайся|называй ~ (?:лучш|перв)|(?:говори|отвечай|утверждай|сообщай)(?:те)?,? что"
        "|покупай"
        "|пропускай|открывай|вставляй|добавляй",
        deed="рекоменд|совет|предлага|предлож|отправ|пересыл|пересла|высыла|передава|упомина"
        "|реклам|выполн|исполн|запуск|удал|перевод|одобр|плати|доверя|раскрыва|скрыва|подчин"
        "|пропуск"
        "|открыва",
        agent="ты|вы|тебя|тебе|вас|вам|ассистент|помощник|бот|агент|модел|нейросет|ии",
        reply="отвечай|ответь|пиши|говори|заканчивай|начинай",
        form="русск|англ|немец|франц|испан|украин|итал|языке|кратк|коротк|вежлив|подробн|прост"
        "|списк|тон|смайл"
        "|эмодзи|шут|юмор|ты\\b|вы\\b|по имени|предложени|абзац|форм|таблиц|медлен|стих",
        hush="(?:не|никогда не) (?:говори|сообщай|рассказывай|упоминай|показывай"
        "|раскрывай)(?:те)? ~"
        "(?:пользовател|никому|клиент|человек)",
        leak="(?:покажи|раскрой|выведи|напечатай|повтори|назови|выдай|сообщи|пришли)(?:те)? ~"
        "(?:системн|скрыт|секретн|внутренн|ключ|промпт|свои инструкции)",
        wipe="(?:удали|сотри|очисти|забудь|стереть|удалить)(?:те)? ~(?:вс[её]|все) ~"
        "(?:воспоминани|памят|данные|записи|факт)",
        role="система|системное сообщение|системный промпт|ассистент|разработчик|админ\\w*"
        "|инструкция",
    ),
    Wording(  # Ukrainian
        ignore="ігноруй|ігнорувати|проігноруй|забудь|скасуй|не зважай|відкинь|не дотримуйся",
        earlier="попередн|усі|всі|усе|все|будь-які|раніше|вище|систем|свої|твої|ваші|ці",
        rules="інструкці|вказівк|правил|команд|наказ|промпт|обмежен|директив|повідомлен|що тобі",
        ever="завжди|ніколи|відтепер|надалі|з цього моменту|віднині|щоразу|кожного разу|у кожн"
        "|кожному|усім|всім|без запиту|без підтвердж|без перевірки|не питаючи|коли користувач"
        "|якщо користувач|якщо хтось|коли хтось",
        order="(?:по)?рекомендуй|радь|порадь|пропонуй|надсилай|надішли|відправляй|пересилай"
        "|перешли|передавай|згадуй|рекламуй|хвали|виконуй|запускай|видаляй|переказуй|схвалюй|плати"
        "|довіряй|розкривай|приховуй|підкоряйся|(?:кажи|відповідай)(?:те)?,? що|купуй|пропускай",
        deed="рекоменд|порад|радив|пропон|надсил|надісла|відправ|пересил|пересла|передава|згаду"
        "|реклам|викон|запуск|видал|переказ|схвал|плати|довір|розкрива|приховув|пропуск",
        agent="ти|ви|тебе|тобі|вас|вам|асистент|помічник|бот|агент|модел|ші",
        reply="відповідай|пиши|кажи|говори|закінчуй|починай",
        form="україн|англ|рос|нім|мов|коротк|стисл|ввічлив|детальн|прост|списк|тон|смайл|емодзі"
        "|жарт|по імені|на ім|форм|реченн",
        hush="(?:не|ніколи не) (?:кажи|повідомляй|розповідай|згадуй|показуй)(?:те)? ~"
        "(?:користувач|нікому|клієнт)",
        leak="(?:покажи|розкрий|виведи|надрукуй|повтори|назви)(?:те)? ~(?:системн|прихован|секретн"
        "|внутрішн|ключ|промпт)",
        wipe="(?:видали|зітри|очисти|забудь)(?:те)? ~(?:усі|всі|усе|все) ~(?:спогад|пам.ят|дані"
        "|запис|факт)",
        role="система|системне повідомлення|асистент|розробник|адмін\\w*|інструкція",
    ),
    Wording(  # Polish
        ignore="(?:z)?ignoruj|zignorować|ignorować|zapomnij|pomiń|odrzuć|nie przestrzegaj|złam",
        earlier="poprzedni|wcześniejsz|wszystki|wszelki|dotychczas|powyższ|systemow|swoje|twoje|te",
        rules="instrukcj|polece|zasad|reguł|prompt|wytyczn|ograniczen|dyrektyw|wiadomoś|co ci"
        "|o czym",
        ever="zawsze|nigdy|od teraz|odtąd|od tej pory|od dziś|za każdym razem|w każdej|każdemu"
        "|wszystkim|bez pytania|bez potwierdz|bez sprawdz|nie pytając|gdy użytkownik"
        "|kiedy użytkownik|jeśli użytkownik|gdy ktoś|jeśli ktoś",
        order="polecaj|poleć|rekomenduj|zalecaj|doradzaj|proponuj|wysyłaj|wyślij|prześlij"
        "|przesyłaj|przekazuj|przekaż|wspominaj|reklamuj|chwal|wykonuj|uruchamiaj|usuwaj|przelewaj"
        "|zatwierdzaj|płać|ufaj|ujawniaj|ukrywaj|słuchaj się|udawaj|(?:mów|odpowiadaj)(?:cie)?,? że"
        "|kupuj|pomijaj|otwieraj|dodawaj",
        deed="polec|rekomend|zalec|doradz|propon|wysył|wysła|przesył|przesła|przekaz|wspomin"
        "|reklam|wykon|uruchom|uruchami|usuwa|usun|przelew|zatwierdz|płaci|ujawni|ukryw|pomija",
        agent="ty|ciebie|tobie|ci|żebyś|abyś|byś|możesz|musisz|masz|asystent|bot|agent|model|si",
        reply="odpowiadaj|odpowiedz|pisz|mów|kończ|zaczynaj",
        form="polsk|angiels|niemiec|francus|hiszpań|język|krótk|zwięź|uprzejm|grzeczn|szczegół"
        "|prost|list"
        "|ton|emot|emoji|żart|humor|imieni|zdani|form|punkt",
        hush="(?:nie|nigdy nie) (?:mów|informuj|wspominaj|ujawniaj|zdradzaj) ~(?:użytkowni"
        "|nikomu|klient)",
        leak="(?:pokaż|ujawnij|wyświetl|wypisz|powtórz|zdradź|podaj) ~(?:systemow|ukryt|tajn"
        "|wewnętrzn"
        "|klucz api|prompt)",
        wipe="(?:usuń|skasuj|wymaż|wyczyść|zapomnij) ~wszystki ~(?:wspomnie|pamię|dane|zapis|fakt)",
        role="system|wiadomość systemowa|asystent|deweloper|programista|administrator|instrukcja",
    ),
    Wording(  # Czech and Slovak
        ignore="ignoruj|zapomeň|zabudni|přehlížej|nedodržuj|pomiň",
        earlier="předchoz|predchádzaj|dřívějš|všechn|všetk|výše|systémov|své|svoje|tvé|dosavad",
        rules="instrukc|inštrukc|pokyn|pravid|příkaz|príkaz|prompt|omezen|zpráv|správ",
        ever="vždy|vždycky|nikdy|od teď|odteď|odteraz|od nynějška|napříště|pokaždé|v každé"
        "|každému|všem|všetkým"
        "|bez ptaní|bez potvrz|bez kontroly|když uživatel|pokud uživatel",
        order="doporučuj|doporuč|odporúčaj|posílej|pošli|posielaj|přeposílej|přepošli|odesílej"
        "|zmiňuj"
        "|propaguj|spouštěj|prováděj|maž|schvaluj|převáděj|plať|důvěřuj|odhaluj|(?:říkej"
        "|odpovídej),? že",
        deed="doporuč|odporúč|posíl|posla|poslie|odesíl|odesla|zmiň|spoušt|provád|maza|schval"
        "|převád",
        agent="ty|tebe|tobě|abys|aby si|asistent|bot|agent|model",
        reply="odpovídej|odpovedaj|piš|píš|mluv",
        form="česk|slovensk|anglic|němec|jazyk|krátk|stručn|slušn|zdvoř|podrobn|jednoduš|seznam"
        "|tón|emoji"
        "|vtip|jméne|form|vět",
        hush="(?:neříkej|nepověz|nehovor|neprozrazuj|nezmiňuj) ~(?:uživatel|používateľ|nikomu)",
        leak="(?:ukaž|vypiš|zobraz|prozraď|odhal|zopakuj) ~(?:systémov|skryt|tajn|interní|prompt)",
        wipe="(?:smaž|vymaž|zapomeň|odstraň) ~(?:všechn|všetk) ~(?:vzpomínk|paměť|data|záznam"
        "|spomienk|údaj)",
        role="systém|asistent|vývojář|administrátor|instrukce",
    ),
    Wording(  # Dutch
        ignore="negeer|negeren|vergeet|sla ~over|omzeil|trek je niets aan van|volg ~niet",
        earlier="vorige|eerdere|voorgaande|bovenstaande|alle|systeem|jouw|je|deze|alles",
        rules="instructies?|opdrachten|regels|aanwijzingen|prompts?|richtlijnen|beperkingen"
        "|berichten"
        "|wat (?:je|hierboven)|hiervoor|hierboven",
        ever="altijd|nooit|vanaf nu|voortaan|van nu af aan|elke keer|iedere keer|in elk|in ieder"
        "|iedereen|zonder (?:te )?(?:vragen|controle|bevestiging|toestemming|overleg)"
        "|(?:als|wanneer) (?:de gebruiker|iemand)",
        order="(?:beveel|raad) ~aan|(?<!ik )(?:beveel|raad)(?= (?:altijd|nooit|voortaan))"
        "|adviseer|stuur|verstuur|verzend|mail|noem(?! (?:me|mij|ons)\\b)|vermeld|promoot"
        "|prijs|voer ~uit"
        "|verwijder|wis|keur ~goed|betaal|koop|vertrouw|onthul|gehoorzaam|doe alsof"
        "|(?:zeg|antwoord) dat|sla ~over|open|voeg ~toe|geef ~door",
        deed="aan ?(?:te )?(?:bevel|beve|raad|rad)|adviser|stur|stuur|verzend|doorgeef|doorgev"
        "|noem|vermeld"
        "|promo|uitvoer|verwijder|goedkeur|betaal|betal|overmaak|overmak|overslaa|onthul",
        agent="jij|je|jou|u|de assistent|de bot|de agent|het model|ai",
        reply="antwoord|schrijf|zeg|eindig|begin",
        form="nederlands|engels|duits|frans|spaans|taal|kort|bondig|beleefd|vriendelijk"
        "|uitgebreid|eenvoudig"
        "|opsomming|lijst|toon|emoji|humor|grap|bij (?:mijn )?naam|zinnen|vorm|je en jij|metrisch",
        hush="(?:vertel|zeg|meld|noem) ~(?:de gebruiker|niemand|dit)(?: \\w+){0,3} (?:niet|nooit"
        "|niets)"
        "|(?:vertel|zeg) (?:nooit|niets|niet) ~(?:gebruiker|iemand|klant)",
        leak="(?:toon|laat|geef|print|herhaal|onthul|verklap) ~(?:systeemprompt|systeeminstruc"
        "|verborgen instruc"
        "|geheime instruc|interne instruc|je instructies)",
        wipe="(?:verwijder|wis|vergeet) ~(?:alle|alles) ~(?:herinneringen|geheugen|gegevens"
        "|feiten)",
        role="systeem|systeembericht|assistent|ontwikkelaar|beheerder|instructie",
    ),
    Wording(  # Swedish, Danish, Norwegian
        ignore="ignorera|ignorer|glöm|glem|bortse från|se bort fra|åsidosätt|strunta i",
        earlier="tidigare|föregående|tidligere|foregående|forrige|ovan|alla|alle|allt|alt|system"
        "|dina|dine|ovenstående",
        rules="instruktion|instruks|anvisning|regler|reglar|riktlinj|retningslinj|promp"
        "|begränsning|order"
        "|meddeland|besked|som stå",
        ever="alltid|altid|aldrig|aldri|från och med nu|fra nå av|fra nu af|hädanefter|framöver"
        "|fremover"
        "|varje gång|hver gang|i varje|i hvert|till alla|til alle|till alle|alla som"
        "|utan att (?:fråga|kontrollera)"
        "|uden at spørge|uten å spørre|utan bekräft|när användaren|når brugeren|når brukeren"
        "|om någon",
        order="rekommendera|anbefal|föreslå|foreslå|skicka|send|vidarebefordra|videresend|nämn"
        "|nævn|nevn"
        "|marknadsför|utför|udfør|utfør|kör kommando|radera|slet|godkänn|godkend|godkjenn|betala"
        "|betal"
        "|avslöja|lyd|låtsas|(?:säg|svara|sig|svar|si) att?|köp|hoppa över|spring over|öppna"
        "|överför|lita på",
        deed="rekommender|anbefal|föresl|foresl|skicka|sende|vidarebefordr|videresend|nämn|nævn"
        "|nevn|utför|udfør"
        "|utfør|radera|slett|godkänn|godkend|godkjenn|betal|hoppa över|överför|avslöja",
        agent="du|dig|deg|dej|assistenten?|botten|boten|agenten|modellen|ai",
        reply="svara|svar|skriv|säg|avsluta",
        form="svensk|norsk|dansk|engelsk|tysk|språk|sprog|kort|artig|høflig|vänlig|detalj|enkel"
        "|enkl|lista|liste"
        "|ton|emoji|humor|skämt|vid namn|ved navn|mening|form|punkt",
        hush="(?:berätta|säg|nämn|fortæl|fortell|sig) (?:aldrig|inte|ikke|aldri"
        "|det inte) ~(?:användar|bruger|bruker|någon|nogen)",
        leak="(?:visa|skriv ut|avslöja|vis|upprepa) ~(?:systemprompt|systeminstruk|dolda instruk"
        "|hemliga instruk|skjulte instruk)",
        wipe="(?:radera|ta bort|slet|slett|glöm|glem) ~(?:alla|alle|allt|alt) ~(?:minnen|minder"
        "|minner|data|fakta|hågkomst)",
        role="system|systemet|systemmeddelande|assistenten?|utvecklare|udvikler|utvikler"
        "|administratör",
    ),
    Wording(  # Greek
        ignore="αγνόησε|αγνοήστε|ξέχασε|ξεχάστε|παράβλεψε|παράκαμψε|μην ακολουθ",
        earlier="προηγούμεν|παραπάνω|όλες|όλους|όλα|συστήματος|σου|σας|πρότερ",
        rules="οδηγίε|οδηγιών|εντολέ|εντολών|κανόνε|κανόνων|προτροπ|περιορισμ|μηνύματα|ό,τι",
        ever="πάντα|πάντοτε|ποτέ|από εδώ και (?:πέρα|στο εξής)|από τώρα και|στο εξής|εφεξής"
        "|κάθε φορά|σε κάθε"
        "|σε όλους|χωρίς να (?:ρωτ|ελέγ|επιβεβ)|χωρίς επιβεβ|όταν ο χρήστης|αν ο χρήστης"
        "|όταν κάποιος",
        order="πρότεινε|προτείνετε|να προτείνεις|σύστησε|συνιστώ σε|στείλε|στέλνε|στείλτε"
        "|να στέλνεις|προώθησε"
        "|προωθ(?:εί|ή)στε|ανάφερε|να αναφέρεις|διαφήμι|εκτέλεσε|εκτελέστε|διάγραψε|έγκρινε"
        "|πλήρωσε|εμπιστεύσου"
        "|αποκάλυψε|υπάκουσε|(?:πες|λέγε|απάντα) ότι|αγόρασε|παράλειψε|άνοιξε",
        deed="προτείν|συστήν|συνιστ|στέλν|στείλ|προωθ|αναφέρ|διαφημ|εκτελ|διαγρά|εγκρίν|πληρών"
        "|αποκαλύ|παραλεί",
        agent="εσύ|εσένα|σε|βοηθ|μποτ|πράκτορα|μοντέλο|τν",
        reply="απάντα|απαντάς|απαντήσεις|γράφε|μίλα",
        form="ελληνικ|αγγλικ|γερμαν|γαλλικ|γλώσσα|σύντομ|ευγεν|αναλυτικ|απλ|λίστα|τόνο|emoji"
        "|χιούμορ|με το όνομα"
        "|προτάσε|μορφή|ενικό|πληθυντικό",
        hush="(?:μην|ποτέ μην) (?:πεις|λες|αναφέρεις|αποκαλύ\\w+|πείτε|ενημερώ\\w+) ~(?:χρήστη"
        "|κανέναν|πελάτη)",
        leak="(?:δείξε|εμφάνισε|αποκάλυψε|τύπωσε|επανάλαβε|δώσε) ~(?:συστήματος|κρυφ|μυστικ"
        "|εσωτερικ|prompt)",
        wipe="(?:διάγραψε|σβήσε|ξέχασε) ~(?:όλες|όλα|όλη) ~(?:αναμνήσ|μνήμ|δεδομέν|στοιχεί)",
        role="σύστημα|μήνυμα συστήματος|βοηθός|προγραμματιστής|διαχειριστής|οδηγία",
    ),
    Wording(  # Turkish
        ignore="yok say|görmezden gel|göz ardı et|unut|dikkate alma|boş ver|geçersiz kıl",
        earlier="önceki|daha önce|yukarıdaki|tüm|bütün|sistem|her şeyi|eski",
        rules="talimat|komut|kural|yönerge|istem|emir|emr|kısıtlama|mesaj|söylenen",
        ever="her zaman|daima|asla|hiçbir zaman|bundan sonra|bundan böyle|artık|şu andan itibaren"
        "|her seferinde|her cevap|her yanıt|herkese|sormadan|onay almadan|kontrol etmeden"
        "|kullanıcı ~(?:sorduğunda|sorarsa|dediğinde)",
        order="öner(?:in|meli\\w*|mek zorunda\\w*)?\\b|tavsiye et(?:in|meli\\w*)?\\b|gönder(?:in"
        "|meli\\w*)?\\b|ilet(?:in)?\\b"
        "|yolla(?:yın)?\\b|bahset(?:in)?\\b|çalıştır(?:ın)?\\b|sil(?:in)?\\b|onayla(?:yın)?\\b"
        "|öde(?:yin)?\\b|güven(?:in)?\\b"
        "|itaat et|söyle(?:yin|meli\\w*)?\\b|aktar(?:ın)?\\b|satın al(?:ın)?\\b|atla(?:yın)?\\b"
        "|ekle(?:yin)?\\b",
        deed="öner|tavsiye|gönder|ilet|yolla|bahset|reklam|çalıştır|sil|onayla|öde|aktar|atla"
        "|gizle|uygula",
        agent="sen|sana|senin|siz|asistan|bot|ajan|model|yapay zeka",
        reply="cevap ver(?:in)?\\b|yanıtla(?:yın)?\\b|cevapla(?:yın)?\\b|yanıt ver(?:in)?\\b"
        "|yaz(?:ın)?\\b|konuş(?:un)?\\b",
        form="türkçe|ingilizce|almanca|fransızca|dil|kısa|kibar|nazik|ayrıntılı|detaylı|basit"
        "|liste|ton|emoji|espri"
        "|adımla|ismimle|cümle|biçim|madde|resmi|samimi",
        hush="kullanıcıya ~(?:söyleme|bahsetme|bildirme|anlatma)|kimseye ~(?:söyleme|anlatma)",
        leak="(?:sistem istem|sistem talimat|sistem prompt|gizli talimat|gizli istem) ~(?:göster"
        "|yazdır|açıkla|ver|yaz|tekrarla)",
        wipe="(?:tüm|bütün) ~(?:anı|hafıza|bellek|verileri|kayıt) ~(?:sil|temizle|unut)",
        role="sistem|sistem mesajı|asistan|geliştirici|yönetici|talimat",
    ),
)
